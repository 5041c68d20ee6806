"""The worked cases of eligibility: customers named after what they show, with the verdicts that Contoso sees.

Each is about its first subscription. The ids are fixed, so that they are the same wherever the cases are used.
"""

from partnercenter.demo.portfolio import CONTOSO, FABRIKAM, Company, Held

CASES = (
    Company(
        name="Business alone",
        customer_id="20f4ba98-7ccd-5f17-a2eb-df307802a550",
        domain="case01.partner.onmschina.cn",
        holds=(Held("Office 365 Business", 25, id="9afc55a9-4e99-57fd-ab5f-46d3f339a961"),),
        expected={
            "Office 365 Business Premium": [],
            "Office 365 ProPlus": [],
            "Office 365 Enterprise E3": [],
        },
    ),
    Company(
        name="Premium alone",
        customer_id="fd736fa0-dcce-564f-9387-12cc3fe8fe41",
        domain="case02.partner.onmschina.cn",
        holds=(Held("Office 365 Business Premium", 25, id="5494bcc7-e86b-5bdf-bc6a-88979e5049f3"),),
        expected={
            "Office 365 Enterprise E3": [],
        },
    ),
    Company(
        name="Essentials alone",
        customer_id="0cdd980c-34aa-5f14-8929-d676f9875be3",
        domain="case03.partner.onmschina.cn",
        note="E1 with 350 licences is accepted; Business Premium with 350 is refused (1-300)",
        holds=(Held("Office 365 Business Essentials", 300, id="d3914cad-b39e-5b67-999c-ef4565f7f5d7"),),
        expected={
            "Office 365 Business Premium": [],
            "Office 365 Enterprise E1": [],
            "Office 365 Enterprise E3": [],
        },
    ),
    Company(
        name="Business beside Essentials from another reseller",
        customer_id="bed1402e-7252-591c-bc28-a00dbeca9c66",
        domain="case04.partner.onmschina.cn",
        resellers=(CONTOSO, FABRIKAM),
        holds=(
            Held("Office 365 Business", 25, id="fab12723-f7fe-528c-aece-7eaed37c29b9"),
            Held("Office 365 Business Essentials", 10, seller=FABRIKAM, id="a8dec8d5-b40b-577b-baa7-ba7c915f3c23"),
        ),
        expected={
            "Office 365 Business Premium": ["conflicting_service_types"],
            "Office 365 ProPlus": [],
            "Office 365 Enterprise E3": ["conflicting_service_types"],
        },
    ),
    Company(
        name="Business beside Exchange Plan 2 bought directly",
        customer_id="02585d54-0d04-512e-8fc2-a675ac3767be",
        domain="case05.partner.onmschina.cn",
        holds=(
            Held("Office 365 Business", 25, id="d6b88354-4745-53d5-a77b-0acc8e86741c"),
            Held("Exchange Online (Plan 2)", 10, seller=None, id="99cea6d9-9734-55b3-8d6f-bae0bbd58661"),
        ),
        expected={
            "Office 365 Business Premium": ["conflicting_service_types"],
            "Office 365 ProPlus": [],
            "Office 365 Enterprise E3": ["conflicting_service_types"],
        },
    ),
    Company(
        name="Business beside own E3 suspended",
        customer_id="202f0722-58d3-501b-9f50-d6672ec7f7e6",
        domain="case06.partner.onmschina.cn",
        holds=(
            Held("Office 365 Business", 25, id="a39d2b2a-0954-5f7b-bdc9-916af2a3a7ab"),
            Held(
                "Office 365 Enterprise E3",
                10,
                status="suspended",
                suspended=46,
                id="73bd250e-bc84-5059-a79f-e37003979b89",
            ),
        ),
        expected={
            "Office 365 Business Premium": ["conflicting_service_types"],
            "Office 365 ProPlus": ["conflicting_service_types"],
            "Office 365 Enterprise E3": ["conflicting_service_types", "subscription_target_offer_already_present"],
        },
    ),
    Company(
        name="Business beside own E3 deleted",
        customer_id="7ab7c4e0-b808-5106-8f2a-78677bdb373e",
        domain="case07.partner.onmschina.cn",
        holds=(
            Held("Office 365 Business", 25, id="e181f0f8-a1fb-5477-9b06-2d49a39e2992"),
            Held("Office 365 Enterprise E3", 10, status="deleted", id="0c708018-194f-56d9-92ec-3ef5dd5cd58b"),
        ),
        expected={
            "Office 365 Business Premium": [],
            "Office 365 ProPlus": [],
            "Office 365 Enterprise E3": [],
        },
    ),
    Company(
        name="Premium beside Exchange Plan 1 bought directly",
        customer_id="1d52757d-789a-54ff-b1c7-789e33ba9f2d",
        domain="case08.partner.onmschina.cn",
        holds=(
            Held("Office 365 Business Premium", 25, id="a1d47d2f-898c-51f6-ac2a-e3387cd00d14"),
            Held("Exchange Online (Plan 1)", 5, seller=None, id="80a8da9b-c209-55e5-a3d5-58d4c7e8fbee"),
        ),
        expected={
            "Office 365 Enterprise E3": [],
        },
    ),
    Company(
        name="Premium beside SharePoint Plan 2",
        customer_id="51b3ba58-4779-5d8d-a406-7869a312a395",
        domain="case09.partner.onmschina.cn",
        holds=(
            Held("Office 365 Business Premium", 25, id="98e0d2b7-9ff5-51ad-bf81-700fd37b0a28"),
            Held("SharePoint Online (Plan 2)", 5, id="b1b7b85b-8fcd-51ea-829a-542b081223c6"),
        ),
        expected={
            "Office 365 Enterprise E3": ["conflicting_service_types"],
        },
    ),
    Company(
        name="Premium suspended",
        customer_id="db3d6e83-32ff-5d56-8c4a-116e644b4737",
        domain="case10.partner.onmschina.cn",
        holds=(
            Held(
                "Office 365 Business Premium",
                25,
                status="suspended",
                suspended=33,
                id="988ef3b6-0914-502e-8f43-ff8cc225948c",
            ),
        ),
        expected={
            "Office 365 Enterprise E3": ["subscription_status_not_active"],
        },
    ),
    Company(
        name="Premium pending",
        customer_id="4fea92a2-db3b-5dea-99cf-1c88b2d786d5",
        domain="case11.partner.onmschina.cn",
        holds=(Held("Office 365 Business Premium", 25, status="pending", id="5507ebcd-83cd-59f4-9c8c-c52bd885945b"),),
        expected={
            "Office 365 Enterprise E3": ["subscription_not_provisioned"],
        },
    ),
    Company(
        name="Premium without the Exchange privilege",
        customer_id="7758ee11-e7f8-5d37-9090-5477ad88b909",
        domain="case12.partner.onmschina.cn",
        without=("exchange",),
        holds=(Held("Office 365 Business Premium", 25, id="631df547-5e62-5cf2-bc82-8b1499d44f76"),),
        expected={
            "Office 365 Enterprise E3": ["delegated_admin_permissions_disabled"],
        },
    ),
    Company(
        name="Premium without the Information Protection privilege",
        customer_id="db843859-6197-569d-8402-1491376d3fc3",
        domain="case13.partner.onmschina.cn",
        note="a service of the target alone",
        without=("information-protection",),
        holds=(Held("Office 365 Business Premium", 25, id="3d38bfec-a081-59a9-a891-88ad7c28be1a"),),
        expected={
            "Office 365 Enterprise E3": ["delegated_admin_permissions_disabled"],
        },
    ),
    Company(
        name="Essentials sold by another partner",
        customer_id="e5640fe9-fdc2-59ea-928f-2bf95d0fb3c8",
        domain="case14.partner.onmschina.cn",
        resellers=(CONTOSO, FABRIKAM),
        holds=(Held("Office 365 Business Essentials", 40, seller=FABRIKAM, id="40e6b818-19de-57dd-9163-3bb9e6f296ec"),),
        expected={
            "Office 365 Business Premium": ["other"],
            "Office 365 Enterprise E1": ["other"],
            "Office 365 Enterprise E3": ["other"],
        },
    ),
    Company(
        name="Essentials bought directly",
        customer_id="bd760764-50b2-5160-8229-a15499bb22ed",
        domain="case15.partner.onmschina.cn",
        holds=(Held("Office 365 Business Essentials", 40, seller=None, id="6a558110-7d05-5a03-8cc9-74b006a1ccd6"),),
        expected={
            "Office 365 Business Premium": ["other"],
            "Office 365 Enterprise E1": ["other"],
            "Office 365 Enterprise E3": ["other"],
        },
    ),
    Company(
        name="Two Business subscriptions",
        customer_id="dfc2344a-b758-5332-8328-aaa14a057a2e",
        domain="case16.partner.onmschina.cn",
        note="after one has moved to E3 the other fails conditions 3 and 4 for E3, and 3 for Premium and ProPlus",
        holds=(
            Held("Office 365 Business", 25, id="dca53c41-38ff-5130-b510-3f009d836482"),
            Held("Office 365 Business", 5, id="490b2bce-4776-54dc-a66d-e7df63717244"),
        ),
        expected={
            "Office 365 Business Premium": [],
            "Office 365 ProPlus": [],
            "Office 365 Enterprise E3": [],
        },
    ),
    Company(
        name="Essentials beside E1",
        customer_id="b15123f5-c7ea-5964-aafa-c6e10361f651",
        domain="case17.partner.onmschina.cn",
        note="E1 adds no plan to Essentials: only condition 4 stands in the way of E1",
        holds=(
            Held("Office 365 Business Essentials", 25, id="8526cf41-1e81-536d-a2c8-9333bd1b3c75"),
            Held("Office 365 Enterprise E1", 5, id="587c715b-7eeb-522a-8b20-23efcaf26727"),
        ),
        expected={
            "Office 365 Business Premium": [],
            "Office 365 Enterprise E1": ["subscription_target_offer_already_present"],
            "Office 365 Enterprise E3": [],
        },
    ),
    Company(
        name="Business with a live add-on",
        customer_id="10c4547b-9851-5bff-9e31-0343f61752fe",
        domain="case18.partner.onmschina.cn",
        holds=(
            Held("Office 365 Business", 25, id="2db44a98-3367-5468-96c6-f8ebff7fc540"),
            Held(
                "Skype for Business Online (Plan 1)",
                25,
                parent="2db44a98-3367-5468-96c6-f8ebff7fc540",
                id="cd2c0b51-fe48-544c-8415-e777780fff8d",
            ),
        ),
        expected={
            "Office 365 Business Premium": ["conflicting_service_types", "subscription_add_ons_present"],
            "Office 365 ProPlus": ["subscription_add_ons_present"],
            "Office 365 Enterprise E3": ["conflicting_service_types", "subscription_add_ons_present"],
        },
    ),
    Company(
        name="Business with a deleted add-on",
        customer_id="9d1a7e0e-f7eb-57fa-ac70-df863e3b8819",
        domain="case19.partner.onmschina.cn",
        holds=(
            Held("Office 365 Business", 25, id="fd0de9c3-82b7-5ccd-a0da-f81c188966ea"),
            Held(
                "Skype for Business Online (Plan 1)",
                25,
                status="deleted",
                parent="fd0de9c3-82b7-5ccd-a0da-f81c188966ea",
                id="c53bac30-d661-5aab-8939-2cf2a28a8792",
            ),
        ),
        expected={
            "Office 365 Business Premium": [],
            "Office 365 ProPlus": [],
            "Office 365 Enterprise E3": [],
        },
    ),
    Company(
        name="Everything wrong at once",
        customer_id="e0437d08-cbcc-5d31-87ae-e54972ced66a",
        domain="case20.partner.onmschina.cn",
        resellers=(CONTOSO, FABRIKAM),
        without=("exchange", "skype"),
        holds=(
            Held(
                "Office 365 Business",
                25,
                seller=FABRIKAM,
                status="suspended",
                suspended=52,
                id="94d482fb-29d7-52fd-867c-ea0c19b86802",
            ),
            Held("Office 365 Enterprise E3", 5, seller=None, id="d829d651-31d2-59b9-bfa1-430cb1a3bd8a"),
            Held(
                "Exchange Online (Plan 2)",
                5,
                seller=FABRIKAM,
                status="pending",
                parent="94d482fb-29d7-52fd-867c-ea0c19b86802",
                id="b214ce36-9ce1-500b-9fcb-f166eab1c0d7",
            ),
        ),
        expected={
            "Office 365 Business Premium": [
                "conflicting_service_types",
                "delegated_admin_permissions_disabled",
                "other",
                "subscription_add_ons_present",
                "subscription_status_not_active",
            ],
            "Office 365 ProPlus": [
                "conflicting_service_types",
                "other",
                "subscription_add_ons_present",
                "subscription_status_not_active",
            ],
            "Office 365 Enterprise E3": [
                "conflicting_service_types",
                "delegated_admin_permissions_disabled",
                "other",
                "subscription_add_ons_present",
                "subscription_status_not_active",
                "subscription_target_offer_already_present",
            ],
        },
    ),
    Company(
        name="E1 alone",
        customer_id="c4c80336-7d7f-569c-b76a-33365d609c6d",
        domain="case21.partner.onmschina.cn",
        holds=(Held("Office 365 Enterprise E1", 25, id="3f958716-fc5b-5355-965a-541535c632cc"),),
        expected={},
    ),
    Company(
        name="E3 alone",
        customer_id="a7092ab5-8c2f-53e8-a120-f004e604faa9",
        domain="case22.partner.onmschina.cn",
        holds=(Held("Office 365 Enterprise E3", 25, id="ee99df65-0f49-5996-a090-f2e672b0268f"),),
        expected={},
    ),
    Company(
        name="ProPlus alone",
        customer_id="fe19b67e-6603-57f4-b735-640743378c83",
        domain="case23.partner.onmschina.cn",
        holds=(Held("Office 365 ProPlus", 25, id="d1b1613e-34a8-5e90-8d64-9e611a21c8d5"),),
        expected={},
    ),
)
