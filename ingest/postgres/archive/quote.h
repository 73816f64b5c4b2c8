// Names and lines as pg_dump writes them.   Source: PostgreSQL documentation, 4.1.1, appendix C (key words); psql, \connect.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cairn {

// A name as SQL has it, with "…" where it needs them.  `newer`: with the key words of PostgreSQL 16 and later.
std::string quote_name(std::string_view name, bool newer);

// The backslash commands that connect psql to a database: "\connect authentik\n".
std::string connect_command(std::string_view database, bool newer);

// Text for one line of a comment: newlines become blanks.  `missing` is what stands for none.
std::string one_line(const std::optional<std::string>& text, std::string_view missing);

}  // namespace cairn
