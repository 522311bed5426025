-- What was different about Laravel Passport until version 12, applied after passport.sql.

DROP TABLE oauth_device_codes;
ALTER TABLE oauth_clients
    DROP COLUMN owner_type,
    DROP COLUMN owner_id,
    DROP COLUMN redirect_uris,
    DROP COLUMN grant_types,
    ADD COLUMN user_id bigint,
    ADD COLUMN redirect text NOT NULL DEFAULT '',
    ADD COLUMN personal_access_client boolean NOT NULL DEFAULT false,
    ADD COLUMN password_client boolean NOT NULL DEFAULT false;
