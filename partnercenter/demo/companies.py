"""The other customers of the demo: companies such as a partner in China has them."""

from dataclasses import replace
from typing import Any

from partnercenter.demo.portfolio import CONTOSO, FABRIKAM, Company, Held

BUSINESS = "Office 365 Business"
ESSENTIALS = "Office 365 Business Essentials"
PREMIUM = "Office 365 Business Premium"
PROPLUS = "Office 365 ProPlus"
E1 = "Office 365 Enterprise E1"
E3 = "Office 365 Enterprise E3"
EXCHANGE_1 = "Exchange Online (Plan 1)"
EXCHANGE_2 = "Exchange Online (Plan 2)"
SHAREPOINT_1 = "SharePoint Online (Plan 1)"
SHAREPOINT_2 = "SharePoint Online (Plan 2)"
SKYPE_1 = "Skype for Business Online (Plan 1)"
SKYPE_2 = "Skype for Business Online (Plan 2)"


def _of_fabrikam(name: str, domain: str, *holds: Held, **kwargs: Any) -> Company:
    """A customer of Fabrikam, which sold what was not bought directly."""
    own = tuple(replace(held, seller=FABRIKAM) if held.seller == CONTOSO else held for held in holds)
    return Company(name, domain, own, resellers=(FABRIKAM,), **kwargs)


def _shared(name: str, domain: str, *holds: Held, **kwargs: Any) -> Company:
    """A customer of both partners; Contoso administers what is not Fabrikam's."""
    return Company(name, domain, holds, resellers=(CONTOSO, FABRIKAM), **kwargs)


LI_NA = {
    "first_name": "娜",
    "last_name": "李",
    "email": "li.na@adatum.example",
    "phone_number": "+86 21 5555 0100",
    "country": "CN",
    "state": "SH",
    "city": "上海",
    "district": "浦东新区",
    "address_line1": "世纪大道1号",
    "postal_code": "200120",
}
CHEN_WEI = {
    "first_name": "伟",
    "last_name": "陈",
    "email": "chen.wei@zkyuanjing.example",
    "phone_number": "+86 10 5555 0144",
    "country": "CN",
    "state": "BJ",
    "city": "北京",
    "district": "海淀区",
    "address_line1": "中关村大街27号",
    "postal_code": "100080",
}
KATE_BELL = {
    "first_name": "Kate",
    "last_name": "Bell",
    "email": "kate.bell@northwind.example",
    "phone_number": "+86 21 5555 0187",
    "country": "CN",
    "state": "SH",
    "city": "Shanghai",
    "address_line1": "1788 Nanjing Road West",
    "address_line2": "Floor 12",
    "postal_code": "200040",
}
MARIA_PENALVER = {
    "first_name": "María",
    "last_name": "Peñalver",
    "email": "maria@penalver.example",
    "phone_number": "+34 912 34 56 78",
    "country": "ES",
    "state": "Madrid",
    "city": "Madrid",
    "address_line1": "Paseo del Prado, 45",
    "postal_code": "28014",
}
HE_MIN = {
    "first_name": "敏",
    "last_name": "何",
    "email": "he.min@jianghan.example",
    "country": "CN",
    "state": "HB",
    "city": "武汉",
    "district": "江汉区",
    "address_line1": "解放大道688号",
    "postal_code": "430022",
}

OF_CONTOSO = (
    Company("Adatum 软件有限公司", "adatum", (Held(BUSINESS, 48, "总部 Head office", days=410),), contact=LI_NA),
    Company(
        "上海云帆信息技术有限公司",
        "yunfan",
        (Held(ESSENTIALS, 120, "浦东", days=95), Held(SKYPE_1, 15, days=60, status="deleted")),
    ),
    Company("北京中科远景科技有限公司", "zkyuanjing", (Held(PREMIUM, 260, days=500),), contact=CHEN_WEI),
    Company(
        "深圳市华信达电子股份有限公司",
        "huaxinda",
        (Held(BUSINESS, 180, "研发中心"), Held(EXCHANGE_2, 180, seller=None, days=700)),
    ),
    Company(
        "广州珠江贸易有限公司", "zhujiang-trade", (Held(BUSINESS, 35, "外贸部", status="suspended", suspended=58),)
    ),
    Company("杭州西湖文化传媒有限公司", "xihu-media", (Held(PREMIUM, 62), Held(SHAREPOINT_2, 10, "素材库", days=30))),
    Company("成都天府医疗器械有限公司", "tianfu-medical", (Held(ESSENTIALS, 300, "全体员工", days=350),)),
    Company(
        "南京金陵建筑设计院",
        "jinling-design",
        (Held(PROPLUS, 85, "设计部", days=610), Held(EXCHANGE_1, 85, days=610)),
    ),
    Company("武汉江汉物流有限公司", "jianghan", (Held(BUSINESS, 25),), without=("exchange", "skype"), contact=HE_MIN),
    Company("西安丝路国际旅行社", "silkroad-travel", (Held(PREMIUM, 18, status="pending", days=1),)),
    Company("天津海河食品有限公司", "haihe-food", (Held(BUSINESS, 40, status="suspended", suspended=45),)),
    Company(
        "苏州工业园区精密制造有限公司",
        "sz-precision",
        (Held(E3, 1200, "工厂一", days=820), Held(E1, 640, "工厂二", days=300)),
    ),
    Company(
        "青岛海岸酒店管理有限公司",
        "qd-coast",
        (Held(ESSENTIALS, 75), Held(E1, 20, "Reception", days=44)),
        expiring={"exchange": 26, "sharepoint": 26},
    ),
    Company("厦门鹭岛软件有限公司", "ludao", (Held(BUSINESS, 12), Held(BUSINESS, 30, "Support", days=80))),
    Company("长沙湘江教育集团", "xiangjiang-edu", (Held(PREMIUM, 290, "教师", days=330),), expiring={"exchange": 6}),
    Company("重庆山城餐饮连锁有限公司", "shancheng", (Held(BUSINESS, 55), Held(SKYPE_1, 55, parent=0, days=120))),
    Company("宁波港联国际货运代理有限公司", "ganglian", (Held(ESSENTIALS, 64, renews=False, days=345),)),
    Company("合肥量子通信研究所", "hf-quantum", (Held(PREMIUM, 44, "实验室"),), without=("information-protection",)),
    Company(
        "Northwind Traders (China)",
        "northwind",
        (Held(PREMIUM, 150, "Shanghai office", days=280),),
        contact=KATE_BELL,
        billing={"email": "accounts@northwind.example", "culture": "en-US", "language": "en"},
    ),
    Company(
        "Tailspin Toys",
        "tailspin",
        (Held(BUSINESS, 90, "Design"), Held(ESSENTIALS, 210, "Shops", days=150)),
    ),
    Company("Wingtip Precision Tools", "wingtip", (Held(BUSINESS, 300, "Plant 1", days=400),)),
    Company("Litware Consulting", "litware", (Held(ESSENTIALS, 33, days=20),)),
    Company(
        "Proseware Logistics", "proseware", (Held(PREMIUM, 77), Held(E3, 5, "Pilot", status="suspended", suspended=12))
    ),
    Company("Trey Research", "treyresearch", (Held(PROPLUS, 400, days=530), Held(SKYPE_2, 25, seller=None))),
    Company("Woodgrove Bank, Shanghai Branch", "woodgrove", (Held(E3, 2500, days=910),)),
    Company("Alpine Ski House", "alpineski", (Held(BUSINESS, 8, status="deleted", days=600, suspended=130),)),
    Company("Coho Vineyard & Winery", "cohowinery", (Held(ESSENTIALS, 14), Held(EXCHANGE_1, 3, seller=None, days=36))),
    Company("Margie's Travel", "margies-travel", (Held(BUSINESS, 21, "Agents", days=7),)),
    Company(
        "Compañía Exportadora Peñalver",
        "penalver",
        (Held(PREMIUM, 36, "Oficina de Shanghái", days=260),),
        contact=MARIA_PENALVER,
        billing={"company_name": "Compañía Exportadora Peñalver, S.L.", "culture": "en-US", "language": "es"},
    ),
    Company(
        "Diseños Ibáñez y Núñez, S.L.", "ibanez-nunez", (Held(BUSINESS, 16, "Diseño gráfico"),), without=("bookings",)
    ),
    Company("Aceites Jiménez de Jaén", "aceites-jimenez", (Held(ESSENTIALS, 28, status="suspended", suspended=25),)),
    Company("Cerámicas Muñoz Asia", "ceramicas-munoz", (Held(BUSINESS, 52), Held(EXCHANGE_1, 52, days=190))),
    Company("Construcciones Azcárate", "azcarate", (Held(E1, 95, "Obras", days=440),)),
    Company("Vinos del Duero", "vinos-duero", ()),
)

OF_BOTH = (
    _shared(
        "大连北方船舶工程有限公司",
        "beifang-marine",
        Held(BUSINESS, 70, "设计室", days=310),
        Held(EXCHANGE_2, 70, seller=FABRIKAM, days=205),
        elsewhere=("exchange",),
    ),
    _shared(
        "Fourth Coffee",
        "fourthcoffee",
        Held(PREMIUM, 110, "Roastery"),
        Held(E1, 230, "Shops", seller=FABRIKAM, days=170),
    ),
    _shared(
        "Hermanos García Importaciones",
        "hermanos-garcia",
        Held(ESSENTIALS, 45, "Almacén"),
        Held(SHAREPOINT_2, 12, seller=FABRIKAM, days=66),
        elsewhere=("sharepoint", "onedrive"),
    ),
)

OF_FABRIKAM = (
    _of_fabrikam("济南泉城软件园发展有限公司", "quancheng", Held(BUSINESS, 60, "园区办公室")),
    _of_fabrikam("郑州中原农业科技有限公司", "zhongyuan-agri", Held(ESSENTIALS, 95, days=365)),
    _of_fabrikam("昆明滇池花卉有限公司", "dianchi-flower", Held(PREMIUM, 22, "温室", days=130)),
    _of_fabrikam("福州闽江茶业有限公司", "minjiang-tea", Held(BUSINESS, 31, status="suspended", suspended=55)),
    _of_fabrikam("哈尔滨冰雪装备制造有限公司", "bingxue", Held(PROPLUS, 140), Held(EXCHANGE_2, 140, days=77)),
    _of_fabrikam("沈阳东北重型机械厂", "dongbei-heavy", Held(E3, 780, days=640)),
    _of_fabrikam("石家庄华北制药销售有限公司", "huabei-sales", Held(ESSENTIALS, 260, "销售", days=50)),
    _of_fabrikam("太原晋商投资管理有限公司", "jinshang", Held(PREMIUM, 48), Held(EXCHANGE_1, 6, seller=None)),
    _of_fabrikam("南昌赣江陶瓷有限公司", "ganjiang", Held(BUSINESS, 19), without=("office-web",)),
    _of_fabrikam("贵阳大数据中心有限公司", "gy-bigdata", Held(E1, 500, "运维", days=220)),
    _of_fabrikam("海口椰风度假村", "yefeng", Held(PREMIUM, 85, status="pending", days=2)),
    _of_fabrikam("Humongous Insurance", "humongous", Held(E3, 3200, "Claims", days=720)),
    _of_fabrikam("Lucerne Publishing", "lucerne", Held(BUSINESS, 27), Held(BUSINESS, 9, "Interns", days=15)),
    _of_fabrikam("Graphic Design Institute", "graphicdesign", Held(PREMIUM, 130, "Students", days=190)),
    _of_fabrikam("City Power & Light", "citypower", Held(ESSENTIALS, 300), Held(SHAREPOINT_1, 50, days=400)),
    _of_fabrikam(
        "Consolidated Messenger", "messenger", Held(BUSINESS, 66, "Couriers", status="suspended", suspended=8)
    ),
    _of_fabrikam("School of Fine Art", "fineart", Held(PREMIUM, 41), Held(SKYPE_1, 41, parent=0, days=33)),
    _of_fabrikam("Bodegas Ordóñez", "bodegas-ordonez", Held(ESSENTIALS, 17, "Bodega", days=88)),
    _of_fabrikam("Transportes Çelik y Güell", "celik-guell", Held(BUSINESS, 73, "Tráfico")),
    _of_fabrikam("Academia de Español Cañaveral", "canaveral", Held(PREMIUM, 11, renews=False, days=355)),
)

COMPANIES = (*OF_CONTOSO, *OF_BOTH, *OF_FABRIKAM)
