#include "ingest/postgres/item_builder.h"

#include <algorithm>

#include "ingest/postgres/statement_facts.h"

namespace cairn {

namespace {

// Tables whose newest rows tell an application's version; those stand at the end.
constexpr std::string_view kWatched[] = {"authentik_version_history", "django_migrations"};

// "BLOB", or what is said about large objects: "ACL LARGE OBJECT"; "" for everything else.
std::string large_object_kind(std::string_view type, std::string_view tag) {
  if (type == "BLOB" || type == "BLOB METADATA") return std::string(type);
  const bool remark = type == "ACL" || type == "COMMENT" || type == "SECURITY LABEL";
  return remark && tag.starts_with("LARGE OBJECT") ? std::string(type) + " LARGE OBJECT" : "";
}

}  // namespace

void TextExtents::add(uint64_t begin, uint64_t end) {
  comment_ = false;
  if (joined()) {
    extents_.back().length_bytes = end - extents_.back().offset_bytes;
  } else {
    extents_.push_back({begin, end - begin});
  }
  apart_ = false;
}

void TextExtents::reach(uint64_t offset) {
  if (joined() && !comment_) extents_.back().length_bytes = offset - extents_.back().offset_bytes;
}

std::vector<Extent> TextExtents::take() {
  apart_ = comment_ = false;
  return std::exchange(extents_, {});
}

void TextExtents::begin_with(std::vector<Extent> extents, bool joined) {
  extents_ = std::move(extents);
  apart_ = !joined;
  comment_ = false;
}

ItemBuilder::ItemBuilder(EntryHeader header, const HeaderGroup& group, std::vector<Extent> before, bool joined) {
  item_.type = std::move(header.type);
  item_.tag = std::move(header.tag);
  item_.schema = std::move(header.schema);
  item_.owner = std::move(header.owner);
  text_.begin_with(std::move(before), joined);
  text_.add(group.begin, group.end);
}

void ItemBuilder::statement(const SqlStatement& statement, bool standard_strings) {
  if (statements_++ == 0) {
    item_.statements.offset_bytes = statement.begin;
    item_.first_statement_bytes = statement.end - statement.begin;
  }
  item_.statements.length_bytes = statement.end - item_.statements.offset_bytes;
  text_.add(statement.begin, statement.end);
  const bool rows_of_table = item_.type == "TABLE DATA" && statement.text.starts_with("INSERT INTO ");
  // Millions of these; the first tells of all.
  if (!rows_of_table || !item_.inserts) {
    if (!large_object_data() || !item_.subject) learn(statement.text, standard_strings);
  }
  if (!rows_of_table) return;
  item_.inserts = true;
  item_.row_count += statement.tuples;
  if (!watched_) return;
  sample(statement.text);
  sample("\n");
}

void ItemBuilder::learn(std::string_view sql, bool standard_strings) {
  const bool fills = sql.starts_with("COPY ") || sql.starts_with("INSERT ");
  if (!item_.subject || fills) {
    StatementFacts facts = facts_of(sql, standard_strings);
    if (!item_.subject) {
      item_.subject = std::move(facts.subject);
      item_.table = std::move(facts.table);
    } else if (fills && facts.subject) {
      item_.subject = std::move(facts.subject);
    }
    if (sql.starts_with("COPY ")) item_.columns = std::move(facts.columns);
  }
  if (fills && item_.subject) {
    watched_ = std::find(std::begin(kWatched), std::end(kWatched), item_.subject->name) != std::end(kWatched);
    if (!item_.subject->schema.empty()) item_.mentions.push_back(*item_.subject);
    return;
  }
  if (large_object_data() || item_.mentions.size() >= kMostMentions) return;
  append_mentions(sql, standard_strings, kMostMentions, item_.mentions);
}

// The last of them, with twice the room while they pass so that they aren't moved each time.
void ItemBuilder::sample(std::string_view bytes) {
  // One more than is kept tells whether that begins a row.
  if (bytes.size() > kSampleBytes + 1) bytes.remove_prefix(bytes.size() - kSampleBytes - 1);
  if (item_.sample.size() + bytes.size() > 2 * kSampleBytes) item_.sample.erase(0, item_.sample.size() - kSampleBytes);
  item_.sample += bytes;
}

void ItemBuilder::rows(uint64_t begin, ByteView rows, uint64_t lines) {
  item_.row_count += lines;
  text_.add(begin, begin + rows.size());
  if (watched_) sample(cairn::text(rows));
}

void ItemBuilder::rows_end(uint64_t begin, uint64_t end, uint64_t behind) {
  item_.rows = {begin, end - begin};
  item_.statements.length_bytes = behind - item_.statements.offset_bytes;
  text_.add(end, behind);
}

bool ItemBuilder::takes_on(const EntryHeader& header) const {
  const std::string kind = large_object_kind(header.type, header.tag);
  return !kind.empty() && kind == large_object_kind(item_.type, item_.tag);
}

void ItemBuilder::take_on(const HeaderGroup& group) { text_.add(group.begin, group.end); }

DumpItem ItemBuilder::finish() {
  item_.text = text_.take();
  std::sort(item_.mentions.begin(), item_.mentions.end());
  item_.mentions.erase(std::unique(item_.mentions.begin(), item_.mentions.end()), item_.mentions.end());
  item_.mentions.shrink_to_fit();
  if (item_.sample.size() > kSampleBytes) {
    // From a row's begin on.  A line break inside a string may be taken for one: only the oldest row suffers.
    const size_t cut = item_.sample.size() - kSampleBytes;
    const size_t begin = item_.sample.find(item_.inserts ? "\nINSERT INTO " : "\n", cut - 1);
    item_.sample.erase(0, begin == std::string::npos ? item_.sample.size() : begin + 1);
  }
  item_.sample.shrink_to_fit();
  return std::move(item_);
}

}  // namespace cairn
