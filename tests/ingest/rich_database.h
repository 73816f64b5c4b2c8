// A database that holds a little of everything that depends on something else.
#pragma once

namespace cairn {

// For roles alice and bob, as superuser, in a new database.
constexpr const char* kRichDatabase = R"sql(
CREATE EXTENSION citext; CREATE EXTENSION pgcrypto;
CREATE SCHEMA ext; CREATE EXTENSION hstore WITH SCHEMA ext;
COMMENT ON EXTENSION hstore IS 'h';
CREATE SCHEMA "Odd ""S""/x"; CREATE SCHEMA "schéma"; CREATE SCHEMA app AUTHORIZATION alice; COMMENT ON SCHEMA app IS 'the app';
GRANT USAGE ON SCHEMA app TO bob;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO bob;
CREATE TYPE public.mood AS ENUM ('sad','ok','happy');
CREATE DOMAIN public.posint AS integer CONSTRAINT pos CHECK (VALUE > 0);
COMMENT ON CONSTRAINT pos ON DOMAIN public.posint IS 'dc';
CREATE TYPE public.addr AS (street text, zip public.citext);
CREATE TYPE app.frange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE SEQUENCE public.shared_seq START 100; SELECT nextval('shared_seq');
CREATE FUNCTION public.nextcode() RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'c'||nextval('public.shared_seq'); END$$;
CREATE FUNCTION public.nextcode(p text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN p||nextval('public.shared_seq'); END$$;
COMMENT ON FUNCTION public.nextcode(text) IS 'overload'; REVOKE ALL ON FUNCTION public.nextcode(text) FROM public;
GRANT EXECUTE ON FUNCTION public.nextcode(text) TO bob;
CREATE FUNCTION app.isok(x text) RETURNS bool LANGUAGE sql IMMUTABLE AS $$SELECT x <> 'bad'$$;
CREATE FUNCTION app.twice(x int) RETURNS int LANGUAGE sql IMMUTABLE RETURN x*2;
CREATE COLLATION public.ger (locale='C');
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.note := 'touched'; RETURN NEW; END$$;
CREATE FUNCTION public.addr_eq(public.addr, public.addr) RETURNS bool LANGUAGE sql IMMUTABLE AS $$SELECT ($1).street=($2).street$$;
CREATE OPERATOR public.=== (LEFTARG=public.addr, RIGHTARG=public.addr, FUNCTION=public.addr_eq); 
CREATE AGGREGATE public.mysum(int) (SFUNC=int4pl, STYPE=int, INITCOND='0');
CREATE FUNCTION public.mood2int(public.mood) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT case $1 when 'sad' then 0 else 1 end$$;
CREATE CAST (public.mood AS int) WITH FUNCTION public.mood2int(public.mood);
CREATE TABLE public.users(id serial PRIMARY KEY, name public.citext UNIQUE, m public.mood DEFAULT 'ok', age public.posint, code text DEFAULT public.nextcode(), home public.addr, attrs ext.hstore, nm text COLLATE public.ger, note text, CHECK (app.isok(note)));
INSERT INTO users(name,age,home,attrs,note) SELECT 'u'||g, g, ROW('s'||g,'z')::addr, ext.hstore('a',g::text), 'n' FROM generate_series(1,50) g;
CREATE INDEX users_lower ON users (lower(note), app.isok(note)); COMMENT ON INDEX users_lower IS 'idx c';
COMMENT ON COLUMN users.note IS 'col'; COMMENT ON CONSTRAINT users_pkey ON users IS 'pk c';
CREATE STATISTICS public.ust ON age, code FROM users; COMMENT ON STATISTICS public.ust IS 'stat';
GRANT SELECT ON users TO bob; GRANT UPDATE (note) ON users TO bob; GRANT USAGE ON SEQUENCE users_id_seq TO bob;
CREATE TRIGGER trg BEFORE UPDATE ON users FOR EACH ROW WHEN (OLD.note IS DISTINCT FROM NEW.note) EXECUTE FUNCTION public.touch();
COMMENT ON TRIGGER trg ON users IS 'trig c'; ALTER TABLE users DISABLE TRIGGER trg;
CREATE TABLE app.orders(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id int REFERENCES public.users(id), parent bigint REFERENCES app.orders(id), amount int, dbl int GENERATED ALWAYS AS (app.twice(amount)) STORED, fr app.frange, uid uuid DEFAULT public.gen_random_uuid());
INSERT INTO app.orders(user_id,amount) SELECT g, g*10 FROM generate_series(1,30) g; UPDATE app.orders SET parent=1 WHERE id=2;
COMMENT ON CONSTRAINT orders_user_id_fkey ON app.orders IS 'fk c';
ALTER SEQUENCE app.orders_id_seq RESTART WITH 500;
CREATE TABLE public.a(id int PRIMARY KEY, b_id int); CREATE TABLE public.b(id int PRIMARY KEY, a_id int REFERENCES a(id));
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b(id) DEFERRABLE;
INSERT INTO a VALUES (1,NULL); INSERT INTO b VALUES (1,1); UPDATE a SET b_id=1;
ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON app.orders USING (amount > 0);
COMMENT ON POLICY own ON app.orders IS 'pol c';
CREATE POLICY viausers ON app.orders USING (user_id IN (SELECT id FROM public.users));
COMMENT ON POLICY viausers ON app.orders IS 'pol2 c';
CREATE RULE logit AS ON DELETE TO public.a DO ALSO (UPDATE public.b SET a_id=NULL WHERE a_id=OLD.id; SELECT 1); COMMENT ON RULE logit ON public.a IS 'rule c';
CREATE RULE selfrule AS ON INSERT TO public.b WHERE NEW.id < 0 DO INSTEAD NOTHING;
CREATE TABLE app.ev(id int, d date NOT NULL, k int DEFAULT nextval('public.shared_seq'), PRIMARY KEY (id,d)) PARTITION BY RANGE (d);
CREATE TABLE app.ev_2024 PARTITION OF app.ev FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE app.ev_2025 PARTITION OF app.ev FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (id);
CREATE TABLE public.ev_2025_1 PARTITION OF app.ev_2025 FOR VALUES IN (1,2,3);
CREATE TABLE app.ev_2025_d PARTITION OF app.ev_2025 DEFAULT;
CREATE INDEX ev_k ON app.ev(k);
INSERT INTO app.ev(id,d) SELECT g, date '2024-06-01' + g*60 FROM generate_series(1,9) g;
ALTER TABLE app.ev ADD FOREIGN KEY (id) REFERENCES public.users(id);
CREATE TRIGGER evt AFTER INSERT ON app.ev FOR EACH ROW EXECUTE FUNCTION public.touch();
CREATE TABLE app.hp(m public.mood, v int) PARTITION BY HASH (m);
CREATE TABLE app.hp0 PARTITION OF app.hp FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.hp1 PARTITION OF app.hp FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO app.hp SELECT (ARRAY['sad','ok','happy'])[1+g%3]::mood, g FROM generate_series(1,20) g;
CREATE TABLE public.base(id int, t text CHECK (t <> '')); CREATE TABLE app.child(extra public.mood) INHERITS (public.base);
INSERT INTO base VALUES (1,'x'); INSERT INTO app.child VALUES (2,'y','sad');
CREATE TABLE app.typed OF public.addr; INSERT INTO app.typed VALUES ('a','b');
CREATE TABLE app.rowcol(id int, u public.users); INSERT INTO app.rowcol SELECT 1, u FROM users u LIMIT 2;
CREATE VIEW public.v1 AS SELECT u.id, u.name, app.twice(u.age) AS tw FROM users u;
CREATE VIEW app.v2 AS SELECT v1.id, o.amount FROM public.v1 JOIN app.orders o ON o.user_id=v1.id;
CREATE VIEW app.v3 AS SELECT u.id, u.name, count(*) FROM users u JOIN app.orders o ON o.user_id=u.id GROUP BY u.id;
COMMENT ON VIEW app.v2 IS 'v2c'; GRANT SELECT ON app.v2 TO bob;
CREATE MATERIALIZED VIEW app.mv AS SELECT id, amount FROM app.v2; CREATE INDEX mv_i ON app.mv(amount);
CREATE MATERIALIZED VIEW app.mvu AS SELECT 1 AS x WITH NO DATA;
CREATE FUNCTION public.userrow(u public.users) RETURNS int LANGUAGE sql AS 'select 1';
CREATE FUNCTION app.cnt() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM public.users; END;
CREATE TABLE app.usescnt(x bigint DEFAULT app.cnt()); INSERT INTO app.usescnt DEFAULT VALUES;
CREATE TABLE "Odd ""S""/x"."T""ab
le; DROP"(id serial, "Col ""A""" text, PRIMARY KEY(id)); INSERT INTO "Odd ""S""/x"."T""ab
le; DROP"("Col ""A""") VALUES ('-- Name: x; Type: TABLE; Schema: q; Owner: -'), (E'x\n\\.\ny');
CREATE INDEX "I""x
n" ON "Odd ""S""/x"."T""ab
le; DROP"("Col ""A"""); COMMENT ON INDEX "Odd ""S""/x"."I""x
n" IS 'odd idx';
CREATE TABLE "Odd ""S""/x"."T""ab le; DROP"(x int); INSERT INTO "Odd ""S""/x"."T""ab le; DROP" VALUES (7);
ALTER TABLE "Odd ""S""/x"."T""ab
le; DROP" ADD CONSTRAINT "F k
x" FOREIGN KEY (id) REFERENCES public.users(id);
CREATE TABLE "schéma"."täble"(id int, "ü" text); INSERT INTO "schéma"."täble" VALUES (1,'ö');
CREATE TABLE public.empty(); CREATE TABLE public.none(x int); INSERT INTO empty DEFAULT VALUES; INSERT INTO empty DEFAULT VALUES;
CREATE TABLE public."globals"(x int); CREATE TABLE public."%a/.b"(x int); CREATE TABLE public.".links"(x int);
CREATE FUNCTION public.etf() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$; CREATE EVENT TRIGGER et ON ddl_command_end EXECUTE FUNCTION public.etf(); COMMENT ON EVENT TRIGGER et IS 'etc';
CREATE PUBLICATION pub FOR TABLE public.users, app.orders; 
CREATE FOREIGN DATA WRAPPER nofdw; CREATE SERVER srv FOREIGN DATA WRAPPER nofdw; CREATE USER MAPPING FOR bob SERVER srv;
CREATE FOREIGN TABLE app.ft(x int) SERVER srv; GRANT USAGE ON FOREIGN SERVER srv TO bob;
CREATE TEXT SEARCH CONFIGURATION public.tsc (COPY=pg_catalog.english);
CREATE TABLE public.docs(t text, v tsvector GENERATED ALWAYS AS (to_tsvector('public.tsc'::regconfig, t)) STORED);
INSERT INTO docs(t) VALUES ('cats running');
CREATE OPERATOR CLASS public.abs_ops FOR TYPE int4 USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int4,int4);
CREATE TABLE public.opc(x int); CREATE INDEX opc_i ON opc(x public.abs_ops); INSERT INTO opc VALUES (1);
CREATE TABLE public.excl(r int4range, EXCLUDE USING gist (r WITH &&)); INSERT INTO excl VALUES ('[1,3)');
CREATE TABLE public.nv(x int); INSERT INTO nv VALUES (-1); ALTER TABLE nv ADD CONSTRAINT nvc CHECK (app.twice(x) > 0) NOT VALID;
COMMENT ON CONSTRAINT nvc ON nv IS 'nv';
SELECT lo_from_bytea(77, 'abc'); COMMENT ON LARGE OBJECT 77 IS 'lo'; GRANT SELECT ON LARGE OBJECT 77 TO bob;
CREATE PROCEDURE app.pr(x int) LANGUAGE plpgsql AS $$BEGIN END$$;
)sql";

}  // namespace cairn
