--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 17.11 (Debian 17.11-0+deb13u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
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
SET transaction_timeout = 0;
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
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

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
-- Name: users_id_seq; Type: SEQUENCE; Schema: public; Owner: app_owner
--

CREATE SEQUENCE public.users_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE public.users_id_seq OWNER TO app_owner;

--
-- Name: users_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: app_owner
--

ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;


--
-- Name: users id; Type: DEFAULT; Schema: public; Owner: app_owner
--

ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);


--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: app_owner
--

COPY public.users (id, name, attributes, photo) FROM stdin;
1	akadmin	{"a": 1}	\\xdeadbeef
2	--\n-- PostgreSQL database dump complete\n--\n\\.\n\\connect foo\n	\N	\\x
3	a\tb\\c\r\nd	{}	\N
\.


--
-- Name: users_id_seq; Type: SEQUENCE SET; Schema: public; Owner: app_owner
--

SELECT pg_catalog.setval('public.users_id_seq', 3, true);


--
-- Name: 4242; Type: BLOB METADATA; Schema: -; Owner: app_owner
--

SELECT pg_catalog.lo_create('4242');

ALTER LARGE OBJECT 4242 OWNER TO app_owner;

--
-- Name: 4243..4000000000; Type: BLOB METADATA; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('4243');
SELECT pg_catalog.lo_create('4000000000');

ALTER LARGE OBJECT 4243 OWNER TO postgres;
ALTER LARGE OBJECT 4000000000 OWNER TO postgres;

--
-- Name: LARGE OBJECT 4243; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON LARGE OBJECT 4243 IS 'As';


--
-- Data for Name: 4242; Type: BLOBS; Schema: -; Owner: app_owner
--

BEGIN;

SELECT pg_catalog.lo_open('4242', 131072);
SELECT pg_catalog.lowrite(0, '\x0102030405');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Data for Name: 4243..4000000000; Type: BLOBS; Schema: -; Owner: postgres
--

BEGIN;

SELECT pg_catalog.lo_open('4243', 131072);
SELECT pg_catalog.lowrite(0, '\x…');
SELECT pg_catalog.lowrite(0, '\x…');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('4000000000', 131072);
SELECT pg_catalog.lo_close(0);

COMMIT;

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
-- Name: users t; Type: TRIGGER; Schema: public; Owner: app_owner
--

CREATE TRIGGER t BEFORE INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION app.tf();


--
-- Name: users pol; Type: POLICY; Schema: public; Owner: app_owner
--

CREATE POLICY pol ON public.users USING (true);


--
-- Name: users; Type: ROW SECURITY; Schema: public; Owner: app_owner
--

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;

--
-- Name: DATABASE "We""ird 'db\"; Type: ACL; Schema: -; Owner: app_owner
--

GRANT CONNECT ON DATABASE "We""ird 'db\" TO "it's";


--
-- Name: TABLE users; Type: ACL; Schema: public; Owner: app_owner
--

GRANT SELECT ON TABLE public.users TO "it's";


--
-- Name: COLUMN users.id; Type: ACL; Schema: public; Owner: app_owner
--

GRANT SELECT(id) ON TABLE public.users TO "user";


--
-- Name: LARGE OBJECT 4242; Type: ACL; Schema: -; Owner: app_owner
--

GRANT SELECT ON LARGE OBJECT 4242 TO "user";


--
-- Name: LARGE OBJECTS 4243..4000000000; Type: ACL; Schema: -; Owner: postgres
--

GRANT SELECT ON LARGE OBJECT 4243 TO "it's";
GRANT SELECT ON LARGE OBJECT 4000000000 TO "it's";

--
-- PostgreSQL database dump complete
--


