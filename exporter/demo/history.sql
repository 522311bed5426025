-- What an OAuth2 server has gathered before anybody looks: some thousands of rows over the last days, so that
-- no panel starts empty. Numbers, not random(), choose everything: each run starts from the same shape.

INSERT INTO flyway_schema_history
SELECT n, n, name, 'SQL', format('V%s__%s.sql', n, replace(name, ' ', '_')), hashtext(name), 'oauth2_user',
       now() - make_interval(days => 90 - 12 * n::int), 20 + 7 * n::int, true
FROM unnest(ARRAY['create clients', 'create tokens', 'create authorization codes', 'create users', 'add user sessions'])
     WITH ORDINALITY AS migration(name, n);

-- 600 users over 30 days; a third with a password of ours, the others from a provider.
INSERT INTO users
SELECT format('user-%s', n), format('user%s', n), format('user%s@example.org', n),
       CASE WHEN n % 3 = 0 THEN '$argon2id$v=19$' || md5('hash' || n) END,
       (ARRAY['local', 'google', 'github'])[1 + n % 3],
       CASE WHEN n % 3 <> 0 THEN md5('provider' || n) END,
       made, made
FROM generate_series(1, 600) AS n, LATERAL (SELECT now() - n * interval '72 minutes' AS made) AS t;

-- Long-lived refresh tokens of the last six days; one in nine revoked.
INSERT INTO tokens
SELECT md5('refresh' || n)::uuid, ids[1 + floor(array_length(ids, 1) * power(n * 7919 % 1000 / 1000.0, 2))::int],
       format('user-%s', 1 + n % 600), 'refresh', repeat(md5('paired' || n), 8), repeat(md5('refresh token' || n), 2),
       'openid profile', made + interval '7 days', made, CASE WHEN n % 9 = 0 THEN made + n * interval '1 second' END
FROM generate_series(1, 3000) AS n,
     LATERAL (SELECT now() - n * interval '170 seconds' AS made) AS t,
     (SELECT array_agg(client_id ORDER BY client_id) AS ids FROM clients WHERE 'refresh_token' = ANY (grant_types)) AS c;

-- Access tokens: 400 of the last 90 seconds, still good, and 1,500 of the last two days that nobody has purged.
INSERT INTO tokens
SELECT md5('access' || n)::uuid, ids[1 + floor(array_length(ids, 1) * power(n * 7919 % 1000 / 1000.0, 2))::int],
       format('user-%s', 1 + n % 600), 'access', repeat(md5('access token' || n), 8), NULL, 'openid profile',
       made + interval '90 seconds', made, CASE WHEN n % 40 = 0 THEN made + interval '15 seconds' END
FROM generate_series(1, 1900) AS n,
     LATERAL (SELECT now() - CASE WHEN n <= 400 THEN n * interval '220 milliseconds'
                                  ELSE interval '5 minutes' + (n - 400) * interval '115 seconds' END AS made) AS t,
     (SELECT array_agg(client_id ORDER BY client_id) AS ids FROM clients) AS c;

-- Code flows of the last hour; one in seven abandoned.
INSERT INTO authorization_codes
SELECT md5('code' || n), client_id, format('user-%s', 1 + n % 600), redirect_uris[1], 'openid profile',
       CASE WHEN n % 5 <> 0 THEN md5('challenge' || n) END,
       CASE WHEN n % 5 = 0 THEN NULL WHEN n % 11 = 0 THEN 'plain' ELSE 'S256' END,
       made + interval '60 seconds', made, CASE WHEN n % 7 <> 0 THEN made + (1 + n % 4) * interval '1 second' END
FROM generate_series(1, 700) AS n,
     LATERAL (SELECT now() - interval '70 seconds' - n * interval '5 seconds' AS made) AS t,
     LATERAL (SELECT client_id, redirect_uris FROM clients WHERE 'authorization_code' = ANY (grant_types)
              ORDER BY md5(client_id || n) LIMIT 1) AS c;

-- Login sessions of the last day; a quarter has expired.
INSERT INTO user_sessions
SELECT md5('session' || n)::uuid, format('user-%s', 1 + n % 600), repeat(md5('session token' || n), 2),
       ('198.51.100.' || n % 254)::inet, 'Mozilla/5.0', made + interval '18 hours', made,
       least(now(), made + (n % 50) * interval '10 minutes')
FROM generate_series(1, 900) AS n, LATERAL (SELECT now() - n * interval '96 seconds' AS made) AS t;

ANALYZE clients, tokens, authorization_codes, users, user_sessions, flyway_schema_history;
