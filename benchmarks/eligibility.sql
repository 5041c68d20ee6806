-- The best SQL known for what `export_eligibility` writes: the verdicts of everything that one partner sold.
--
-- Offers and services are numbered, so that what a customer holds is one number a subscription or customer, and
-- each condition an AND of two numbers. The tables are read once each, in the order of the disk, and joined by
-- hash. It knows at most 63 offers and 31 services: a yardstick, not a way to judge.
--
-- psql -v partner=UUID -f eligibility.sql
SET work_mem = '256MB';
SET jit = off;
COPY (
WITH offer AS MATERIALIZED (
    SELECT id, is_available, 1::bigint << (row_number() OVER (ORDER BY id) - 1)::integer AS bit FROM catalog_offer
), path AS MATERIALIZED (
    SELECT path.source_id, path.target_id, target.bit AS target_bit,
        (SELECT bit_or(1 << service_id) FROM upgrades_pathservice WHERE path_id = path.id) AS services,
        (SELECT coalesce(bit_or(bit), 0) FROM upgrades_pathconflict AS conflict
            JOIN offer ON offer.id = conflict.offer_id WHERE conflict.path_id = path.id) AS conflicts
    FROM upgrades_upgradepath AS path JOIN offer AS target ON target.id = path.target_id AND target.is_available
), customer AS (
    SELECT DISTINCT customer_id FROM subscriptions_subscription WHERE reseller_of_record_id = :'partner'
), live AS (
    SELECT live.id, live.customer_id, live.offer_id, live.status, live.reseller_of_record_id,
        bit_or(offer.bit) OVER (
            PARTITION BY live.customer_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW
        ) AS others
    FROM subscriptions_subscription AS live JOIN offer ON offer.id = live.offer_id
    WHERE live.status <> 'deleted' AND live.customer_id IN (SELECT customer_id FROM customer)
), held AS (
    SELECT customer_id, bit_or(1 << service_id) AS services FROM customers_delegatedadminprivilege
    WHERE partner_id = :'partner' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    GROUP BY customer_id
), parent AS (
    SELECT DISTINCT parent_id AS id FROM subscriptions_subscription WHERE parent_id IS NOT NULL AND status <> 'deleted'
), judged AS (
    SELECT live.customer_id, live.id, live.offer_id, path.target_id,
        CASE WHEN live.others & path.conflicts <> 0 THEN ', "conflicting_service_types"' ELSE '' END
        || CASE WHEN path.services & ~coalesce(held.services, 0) <> 0
            THEN ', "delegated_admin_permissions_disabled"' ELSE '' END
        || CASE WHEN parent.id IS NOT NULL THEN ', "subscription_add_ons_present"' ELSE '' END
        || CASE WHEN live.status = 'pending' THEN ', "subscription_not_provisioned"' ELSE '' END
        || CASE WHEN live.status = 'suspended' THEN ', "subscription_status_not_active"' ELSE '' END
        || CASE WHEN live.others & path.target_bit <> 0
            THEN ', "subscription_target_offer_already_present"' ELSE '' END AS unmet
    FROM live
    JOIN path ON path.source_id = live.offer_id
    LEFT JOIN held ON held.customer_id = live.customer_id
    LEFT JOIN parent ON parent.id = live.id
    WHERE live.reseller_of_record_id = :'partner'
    ORDER BY live.customer_id, live.id, path.target_id
)
SELECT '{"customer": "' || customer_id || '", "subscription": "' || id || '", "source_offer": "' || offer_id
    || '", "target_offer": "' || target_id || '", "eligible": ' || CASE unmet WHEN '' THEN 'true' ELSE 'false' END
    || ', "unmet": [' || substr(unmet, 3) || ']}'
FROM judged
) TO STDOUT;
