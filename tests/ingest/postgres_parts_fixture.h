// Dumps written by hand, and their parts as text.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "ingest/postgres/dump_scanner.h"
#include "ingest/postgres/parts.h"

namespace cairn {

// An entry as pg_dump writes it.
inline std::string entry(const std::string& type, const std::string& tag, const std::string& schema, const std::string& sql) {
  return (type.ends_with("DATA") ? "--\n-- Data for Name: " : "--\n-- Name: ") + tag + "; Type: " + type +
         "; Schema: " + (schema.empty() ? "-" : schema) + "; Owner: me\n--\n\n" + sql + "\n\n\n";
}

inline std::string dump_of(const std::string& entries) {
  return "--\n-- PostgreSQL database dump\n--\n\n\\restrict k\n\n-- Dumped from database version 15.20\n-- Dumped by pg_dump version 15.20\n\n"
         "SET client_encoding = 'UTF8';\n\n" + entries + "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict k\n\n";
}

struct DumpParts {
  std::string dump;
  StreamParts stream;
  std::map<std::string, Part> parts;

  const Part& at(const std::string& name) const {
    static const Part kNone;
    auto found = parts.find(name);
    if (found == parts.end()) ADD_FAILURE() << "no part " << name;
    return found == parts.end() ? kNone : found->second;
  }
  bool has(const std::string& name) const { return parts.contains(name); }
  std::string property(const std::string& name, const std::string& key) const {
    const Part& part = at(name);
    auto found = part.properties.find(key);
    return found == part.properties.end() ? "" : found->second;
  }
  std::string preamble(const std::string& name) const { return std::string(text(at(name).preamble)); }
  std::string body(const std::string& name) const {
    std::string out;
    for (const Extent& one : at(name).extents) out += dump.substr(one.offset_bytes, one.length_bytes);
    return out;
  }
  std::string rendered(const std::string& name) const { return preamble(name) + body(name); }
  bool holds(const std::string& name, const std::string& sql) const { return rendered(name).find(sql) != std::string::npos; }
  // Of all parts but the rows: without blank lines, comments and settings.
  std::string statements(const std::string& name) const {
    std::istringstream lines(rendered(name));
    std::string out;
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && !line.starts_with("--") && !line.starts_with("SET ")) out += line + "\n";
    }
    return out;
  }
};

// Checks what holds for all parts: names are unique, extents ascend, don't touch and lie within the dump.
inline DumpParts parts_of_text(const std::string& dump, const std::string& component = "db") {
  DumpParts out;
  out.dump = dump;
  DumpScanner scanner;
  std::vector<Mark> marks;
  scanner.scan(view(dump), marks);
  EXPECT_FALSE(scanner.failed()) << scanner.why_failed();
  out.stream = parts_of_dump(scanner.finish(), component);
  for (const Part& part : out.stream.parts) {
    EXPECT_TRUE(out.parts.emplace(part.name, part).second) << "twice: " << part.name;
    uint64_t last = 0;
    bool first = true;
    for (const Extent& one : part.extents) {
      EXPECT_TRUE(first || one.offset_bytes > last) << part.name;
      EXPECT_GT(one.length_bytes, 0U) << part.name;
      last = one.offset_bytes + one.length_bytes;
      first = false;
      EXPECT_LE(last, dump.size()) << part.name;
    }
  }
  return out;
}

}  // namespace cairn
