--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: We"ird 'db\; Type: DATABASE; Schema: -; Owner: app_owner
--

CREATE DATABASE "We""ird 'db\" WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8';


ALTER DATABASE "We""ird 'db\" OWNER TO app_owner;

\encoding SQL_ASCII
\connect -reuse-previous=on "dbname='We""ird \'db\\'"

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: DATABASE "We""ird 'db\"; Type: COMMENT; Schema: -; Owner: app_owner
--

COMMENT ON DATABASE "We""ird 'db\" IS 'a database';


--
-- Name: We"ird 'db\; Type: DATABASE PROPERTIES; Schema: -; Owner: app_owner
--

ALTER DATABASE "We""ird 'db\" SET work_mem TO '8MB';


\encoding SQL_ASCII
\connect -reuse-previous=on "dbname='We""ird \'db\\'"

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: app; Type: SCHEMA; Schema: -; Owner: app_owner
--

CREATE SCHEMA app;


ALTER SCHEMA app OWNER TO app_owner;

--
-- Name: public; Type: SCHEMA; Schema: -; Owner: app_owner
--

-- *not* creating schema, since initdb creates it


ALTER SCHEMA public OWNER TO app_owner;

--
-- Name: select; Type: SCHEMA; Schema: -; Owner: app_owner
--

CREATE SCHEMA "select";


ALTER SCHEMA "select" OWNER TO app_owner;

--
-- Name: pgcrypto; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;


--
-- Name: EXTENSION pgcrypto; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';


--
-- Name: mood; Type: TYPE; Schema: app; Owner: app_owner
--

CREATE TYPE app.mood AS ENUM (
    'sad',
    'happy'
);


ALTER TYPE app.mood OWNER TO app_owner;

--
-- Name: positive; Type: DOMAIN; Schema: app; Owner: app_owner
--

CREATE DOMAIN app.positive AS integer
	CONSTRAINT positive_check CHECK ((VALUE > 0));


ALTER DOMAIN app.positive OWNER TO app_owner;

--
-- Name: f(); Type: FUNCTION; Schema: app; Owner: app_owner
--

CREATE FUNCTION app.f() RETURNS text
    LANGUAGE plpgsql
    AS $_$
BEGIN
--
-- Name: fake_table; Type: TABLE; Schema: app; Owner: app_owner
--
  RETURN $q$COPY public.x (a) FROM stdin;
1
\.
$q$;
END $_$;


ALTER FUNCTION app.f() OWNER TO app_owner;

--
-- Name: p(integer); Type: PROCEDURE; Schema: app; Owner: app_owner
--

CREATE PROCEDURE app.p(IN x integer)
    LANGUAGE sql
    AS $$SELECT 1$$;


ALTER PROCEDURE app.p(IN x integer) OWNER TO app_owner;

--
-- Name: sqlbody(integer); Type: FUNCTION; Schema: app; Owner: app_owner
--

CREATE FUNCTION app.sqlbody(x integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT (x + 1);
 SELECT 2;
END;


ALTER FUNCTION app.sqlbody(x integer) OWNER TO app_owner;

--
-- Name: tf(); Type: FUNCTION; Schema: app; Owner: app_owner
--

CREATE FUNCTION app.tf() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN RETURN NEW; END$$;


ALTER FUNCTION app.tf() OWNER TO app_owner;

--
-- Name: etf(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.etf() RETURNS event_trigger
    LANGUAGE plpgsql
    AS $$BEGIN END$$;


ALTER FUNCTION public.etf() OWNER TO postgres;

--
-- Name: total(integer); Type: AGGREGATE; Schema: app; Owner: app_owner
--

CREATE AGGREGATE app.total(integer) (
    SFUNC = int4pl,
    STYPE = integer,
    INITCOND = '0'
);


ALTER AGGREGATE app.total(integer) OWNER TO app_owner;

--
-- Name: <+>; Type: OPERATOR; Schema: app; Owner: app_owner
--

CREATE OPERATOR app.<+> (
    FUNCTION = int4pl,
    LEFTARG = integer,
    RIGHTARG = integer
);


ALTER OPERATOR app.<+> (integer, integer) OWNER TO app_owner;

--
-- Name: tc; Type: TEXT SEARCH CONFIGURATION; Schema: app; Owner: app_owner
--

CREATE TEXT SEARCH CONFIGURATION app.tc (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR asciiword WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR word WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR hword_part WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR hword_asciipart WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR asciihword WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR hword WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION app.tc
    ADD MAPPING FOR uint WITH simple;


ALTER TEXT SEARCH CONFIGURATION app.tc OWNER TO app_owner;

--
-- Name: w; Type: FOREIGN DATA WRAPPER; Schema: -; Owner: postgres
--

CREATE FOREIGN DATA WRAPPER w;


ALTER FOREIGN DATA WRAPPER w OWNER TO postgres;

--
-- Name: s; Type: SERVER; Schema: -; Owner: postgres
--

CREATE SERVER s FOREIGN DATA WRAPPER w;


ALTER SERVER s OWNER TO postgres;

--
-- Name: USER MAPPING app_owner SERVER s; Type: USER MAPPING; Schema: -; Owner: postgres
--

CREATE USER MAPPING FOR app_owner SERVER s;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: Mixed;Case newline; Type: TABLE; Schema: app; Owner: app_owner
--

CREATE TABLE app."Mixed;Case
newline" (
    a integer,
    b text
);


ALTER TABLE app."Mixed;Case
newline" OWNER TO app_owner;

--
-- Name: empty; Type: TABLE; Schema: app; Owner: app_owner
--

CREATE TABLE app.empty (
);


ALTER TABLE app.empty OWNER TO app_owner;

--
-- Name: feelings; Type: TABLE; Schema: app; Owner: app_owner
--

CREATE TABLE app.feelings (
    m app.mood,
    n integer
)
PARTITION BY HASH (m);


ALTER TABLE app.feelings OWNER TO app_owner;

--
-- Name: feelings_0; Type: TABLE; Schema: app; Owner: app_owner
--

CREATE TABLE app.feelings_0 (
    m app.mood,
    n integer
);


ALTER TABLE app.feelings_0 OWNER TO app_owner;

--
-- Name: feelings_1; Type: TABLE; Schema: app; Owner: app_owner
--

CREATE TABLE app.feelings_1 (
    m app.mood,
    n integer
);


ALTER TABLE app.feelings_1 OWNER TO app_owner;

--
-- Name: ft; Type: FOREIGN TABLE; Schema: app; Owner: postgres
--

CREATE FOREIGN TABLE app.ft (
    x integer
)
SERVER s;


ALTER FOREIGN TABLE app.ft OWNER TO postgres;

--
-- Name: many; Type: TABLE; Schema: app; Owner: app_owner
--

CREATE TABLE app.many (
    id integer NOT NULL,
    h text
);


ALTER TABLE app.many OWNER TO app_owner;

--
-- Name: users; Type: TABLE; Schema: public; Owner: app_owner
--

CREATE TABLE public.users (
    id integer NOT NULL,
    name text,
    attributes jsonb,
    photo bytea,
    upper_name text GENERATED ALWAYS AS (upper(name)) STORED
);


ALTER TABLE public.users OWNER TO app_owner;

--
-- Name: TABLE users; Type: COMMENT; Schema: public; Owner: app_owner
--

COMMENT ON TABLE public.users IS 'multi
--
-- Name: z; Type: TABLE; Schema: q; Owner: -
--
line';


--
-- Name: mv; Type: MATERIALIZED VIEW; Schema: app; Owner: app_owner
--

CREATE MATERIALIZED VIEW app.mv AS
 SELECT count(*) AS count
   FROM public.users
  WITH NO DATA;


ALTER TABLE app.mv OWNER TO app_owner;

--
-- Name: no_rows; Type: TABLE; Schema: app; Owner: app_owner
--

CREATE TABLE app.no_rows (
    x integer
);


ALTER TABLE app.no_rows OWNER TO app_owner;

--
-- Name: part; Type: TABLE; Schema: app; Owner: app_owner
--

CREATE TABLE app.part (
    id integer,
    d date
)
PARTITION BY RANGE (d);


ALTER TABLE app.part OWNER TO app_owner;

--
-- Name: part_2024; Type: TABLE; Schema: app; Owner: app_owner
--

CREATE TABLE app.part_2024 (
    id integer,
    d date
);


ALTER TABLE app.part_2024 OWNER TO app_owner;

--
-- Name: v; Type: VIEW; Schema: app; Owner: app_owner
--

CREATE VIEW app.v AS
 SELECT users.id,
    users.name,
    users.attributes,
    users.photo,
    users.upper_name
   FROM public.users;


ALTER TABLE app.v OWNER TO app_owner;

--
-- Name: users_id_seq; Type: SEQUENCE; Schema: public; Owner: app_owner
--

CREATE SEQUENCE public.users_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.users_id_seq OWNER TO app_owner;

--
-- Name: users_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: app_owner
--

ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;


--
-- Name: table; Type: TABLE; Schema: select; Owner: app_owner
--

CREATE TABLE "select"."table" (
    "order" integer NOT NULL,
    json_table integer
);


ALTER TABLE "select"."table" OWNER TO app_owner;

--
-- Name: table_order_seq; Type: SEQUENCE; Schema: select; Owner: app_owner
--

ALTER TABLE "select"."table" ALTER COLUMN "order" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME "select".table_order_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: feelings_0; Type: TABLE ATTACH; Schema: app; Owner: app_owner
--

ALTER TABLE ONLY app.feelings ATTACH PARTITION app.feelings_0 FOR VALUES WITH (modulus 2, remainder 0);


--
-- Name: feelings_1; Type: TABLE ATTACH; Schema: app; Owner: app_owner
--

ALTER TABLE ONLY app.feelings ATTACH PARTITION app.feelings_1 FOR VALUES WITH (modulus 2, remainder 1);


--
-- Name: part_2024; Type: TABLE ATTACH; Schema: app; Owner: app_owner
--

ALTER TABLE ONLY app.part ATTACH PARTITION app.part_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');


--
-- Name: users id; Type: DEFAULT; Schema: public; Owner: app_owner
--

ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);


--
-- Name: 4000000000; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('4000000000');


ALTER LARGE OBJECT 4000000000 OWNER TO postgres;

--
-- Name: 4242; Type: BLOB; Schema: -; Owner: app_owner
--

SELECT pg_catalog.lo_create('4242');


ALTER LARGE OBJECT 4242 OWNER TO app_owner;

--
-- Name: 4243; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('4243');


ALTER LARGE OBJECT 4243 OWNER TO postgres;

--
-- Name: LARGE OBJECT 4243; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON LARGE OBJECT 4243 IS 'As';


--
-- Data for Name: Mixed;Case newline; Type: TABLE DATA; Schema: app; Owner: app_owner
--

COPY app."Mixed;Case
newline" (a, b) FROM stdin;
1	r1
2	r2
3	r3
4	r4
5	r5
\.


--
-- Data for Name: empty; Type: TABLE DATA; Schema: app; Owner: app_owner
--

COPY app.empty  FROM stdin;
\.


--
-- Data for Name: feelings_0; Type: TABLE DATA; Schema: app; Owner: app_owner
--

-- load via partition root app.feelings

COPY app.feelings (m, n) FROM stdin;
\.


--
-- Data for Name: feelings_1; Type: TABLE DATA; Schema: app; Owner: app_owner
--

-- load via partition root app.feelings

COPY app.feelings (m, n) FROM stdin;
sad	1
happy	2
\.


--
-- Data for Name: many; Type: TABLE DATA; Schema: app; Owner: app_owner
--

COPY app.many (id, h) FROM stdin;
1	c4ca4238a0b923820dcc509a6f75849b
2	c81e728d9d4c2f636f067f89cc14862c
3	eccbc87e4b5ce2fe28308fd9f2a7baf3
4	a87ff679a2f3e71d9181a67b7542122c
5	e4da3b7fbbce2345d7772b0674a318d5
6	1679091c5a880faf6fb5e6087eb1b2dc
7	8f14e45fceea167a5a36dedd4bea2543
8	c9f0f895fb98ab9159f51fd0297e236d
9	45c48cce2e2d7fbdea1afc51c7c6ad26
10	d3d9446802a44259755d38e6d163e820
11	6512bd43d9caa6e02c990b0a82652dca
12	c20ad4d76fe97759aa27a0c99bff6710
13	c51ce410c124a10e0db5e4b97fc2af39
14	aab3238922bcc25a6f606eb525ffdc56
15	9bf31c7ff062936a96d3c8bd1f8f2ff3
16	c74d97b01eae257e44aa9d5bade97baf
17	70efdf2ec9b086079795c442636b55fb
18	6f4922f45568161a8cdf4ad2299f6d23
19	1f0e3dad99908345f7439f8ffabdffc4
20	98f13708210194c475687be6106a3b84
21	3c59dc048e8850243be8079a5c74d079
22	b6d767d2f8ed5d21a44b0e5886680cb9
23	37693cfc748049e45d87b8c7d8b9aacd
24	1ff1de774005f8da13f42943881c655f
25	8e296a067a37563370ded05f5a3bf3ec
26	4e732ced3463d06de0ca9a15b6153677
27	02e74f10e0327ad868d138f2b4fdd6f0
28	33e75ff09dd601bbe69f351039152189
29	6ea9ab1baa0efb9e19094440c317e21b
30	34173cb38f07f89ddbebc2ac9128303f
31	c16a5320fa475530d9583c34fd356ef5
32	6364d3f0f495b6ab9dcf8d3b5c6e0b01
33	182be0c5cdcd5072bb1864cdee4d3d6e
34	e369853df766fa44e1ed0ff613f563bd
35	1c383cd30b7c298ab50293adfecb7b18
36	19ca14e7ea6328a42e0eb13d585e4c22
37	a5bfc9e07964f8dddeb95fc584cd965d
38	a5771bce93e200c36f7cd9dfd0e5deaa
39	d67d8ab4f4c10bf22aa353e27879133c
40	d645920e395fedad7bbbed0eca3fe2e0
\.


--
-- Data for Name: no_rows; Type: TABLE DATA; Schema: app; Owner: app_owner
--

COPY app.no_rows (x) FROM stdin;
\.


--
-- Data for Name: part_2024; Type: TABLE DATA; Schema: app; Owner: app_owner
--

COPY app.part_2024 (id, d) FROM stdin;
1	2024-05-05
\.


--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: app_owner
--

COPY public.users (id, name, attributes, photo) FROM stdin;
1	akadmin	{"a": 1}	\\xdeadbeef
2	--\n-- PostgreSQL database dump complete\n--\n\\.\n\\connect foo\n	\N	\\x
3	a\tb\\c\r\nd	{}	\N
\.


--
-- Data for Name: table; Type: TABLE DATA; Schema: select; Owner: app_owner
--

COPY "select"."table" ("order", json_table) FROM stdin;
\.


--
-- Name: users_id_seq; Type: SEQUENCE SET; Schema: public; Owner: app_owner
--

SELECT pg_catalog.setval('public.users_id_seq', 3, true);


--
-- Name: table_order_seq; Type: SEQUENCE SET; Schema: select; Owner: app_owner
--

SELECT pg_catalog.setval('"select".table_order_seq', 1, false);


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('4242', 131072);
SELECT pg_catalog.lowrite(0, '\x0102030405');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('4243', 131072);
SELECT pg_catalog.lowrite(0, '\x…');
SELECT pg_catalog.lowrite(0, '\x…');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('4000000000', 131072);
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: many many_pkey; Type: CONSTRAINT; Schema: app; Owner: app_owner
--

ALTER TABLE ONLY app.many
    ADD CONSTRAINT many_pkey PRIMARY KEY (id);


--
-- Name: users users_name_key; Type: CONSTRAINT; Schema: public; Owner: app_owner
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_name_key UNIQUE (name);


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: app_owner
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: users_name_idx; Type: INDEX; Schema: public; Owner: app_owner
--

CREATE INDEX users_name_idx ON public.users USING btree (name);


--
-- Name: st; Type: STATISTICS; Schema: app; Owner: app_owner
--

CREATE STATISTICS app.st ON id, name FROM public.users;


ALTER STATISTICS app.st OWNER TO app_owner;

--
-- Name: v r; Type: RULE; Schema: app; Owner: app_owner
--

CREATE RULE r AS
    ON INSERT TO app.v DO INSTEAD ( SELECT 1 AS "?column?";
 SELECT 2 AS "?column?";
);


--
-- Name: users t; Type: TRIGGER; Schema: public; Owner: app_owner
--

CREATE TRIGGER t BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION app.tf();


--
-- Name: no_rows no_rows_x_fkey; Type: FK CONSTRAINT; Schema: app; Owner: app_owner
--

ALTER TABLE ONLY app.no_rows
    ADD CONSTRAINT no_rows_x_fkey FOREIGN KEY (x) REFERENCES app.many(id);


--
-- Name: users pol; Type: POLICY; Schema: public; Owner: app_owner
--

CREATE POLICY pol ON public.users USING (true);


--
-- Name: users; Type: ROW SECURITY; Schema: public; Owner: app_owner
--

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

--
-- Name: pub; Type: PUBLICATION; Schema: -; Owner: postgres
--

CREATE PUBLICATION pub WITH (publish = 'insert, update, delete, truncate');


ALTER PUBLICATION pub OWNER TO postgres;

--
-- Name: pub users; Type: PUBLICATION TABLE; Schema: public; Owner: postgres
--

ALTER PUBLICATION pub ADD TABLE ONLY public.users;


--
-- Name: DATABASE "We""ird 'db\"; Type: ACL; Schema: -; Owner: app_owner
--

GRANT CONNECT ON DATABASE "We""ird 'db\" TO "it's";


--
-- Name: FUNCTION f(); Type: ACL; Schema: app; Owner: app_owner
--

GRANT ALL ON FUNCTION app.f() TO "user";


--
-- Name: TABLE users; Type: ACL; Schema: public; Owner: app_owner
--

GRANT SELECT ON TABLE public.users TO "it's";


--
-- Name: COLUMN users.id; Type: ACL; Schema: public; Owner: app_owner
--

GRANT SELECT(id) ON TABLE public.users TO "user";


--
-- Name: LARGE OBJECT 4000000000; Type: ACL; Schema: -; Owner: postgres
--

GRANT SELECT ON LARGE OBJECT 4000000000 TO "it's";


--
-- Name: LARGE OBJECT 4242; Type: ACL; Schema: -; Owner: app_owner
--

GRANT SELECT ON LARGE OBJECT 4242 TO "user";


--
-- Name: LARGE OBJECT 4243; Type: ACL; Schema: -; Owner: postgres
--

GRANT SELECT ON LARGE OBJECT 4243 TO "it's";


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: app; Owner: app_owner
--

ALTER DEFAULT PRIVILEGES FOR ROLE app_owner IN SCHEMA app GRANT SELECT ON TABLES  TO "it's";


--
-- Name: et; Type: EVENT TRIGGER; Schema: -; Owner: postgres
--

CREATE EVENT TRIGGER et ON ddl_command_end
   EXECUTE FUNCTION public.etf();


ALTER EVENT TRIGGER et OWNER TO postgres;

--
-- Name: EVENT TRIGGER et; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON EVENT TRIGGER et IS 'et';


--
-- Name: mv; Type: MATERIALIZED VIEW DATA; Schema: app; Owner: app_owner
--

REFRESH MATERIALIZED VIEW app.mv;


--
-- PostgreSQL database dump complete
--


