#include "ingest/postgres/server/plan.h"

#include <algorithm>

#include "ingest/parts/names.h"
#include "ingest/parts/part_view.h"
#include "ingest/postgres/part_names.h"
#include "store/error.h"

namespace cairn {

namespace {

constexpr char kGlobals[] = "globals.sql";
constexpr std::string_view kSql = ".sql", kRows = ".copy";

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

std::string without(std::string name, std::string_view ending) {
  if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  return name;
}

// As the dump calls the database whose parts begin with this element (database_element()).
std::string database_name(const std::string& element) {
  if (element == database_element("globals")) return "globals";
  if (element == database_element("dump")) return "dump";
  return unescape_part_name(element).value_or(element);
}

class Planner {
 public:
  Planner(CatalogueReader& catalogue, const ComponentInfo& component, const PostgresRestoreOptions& options,
          const std::optional<std::string>& url_database)
      : catalogue_(catalogue), component_(component), options_(options), url_database_(url_database) {}

  RestorePlan plan(const std::vector<std::string>& paths) {
    const bool all = std::ranges::all_of(paths, [&](const std::string& path) { return is_all(tidy_path(path)); });
    if (all) add_all();
    else for (const std::string& path : paths) add(tidy_path(path));
    plan_.data_only = options_.data_only || rows_only_ > 0;
    if (rows_only_ > 0 && rows_only_ < paths.size()) refuse("rows alone (.copy) can't be restored together with other parts: use two restores");
    choose_targets();
    if (plan_.data_only) plan_.globals.reset();
    check_options();
    return std::move(plan_);
  }

 private:
  bool is_all(const std::string& path) const {
    const auto original = component_.properties.find("original");
    return path.empty() || (original != component_.properties.end() && path == original->second);
  }

  void add_all() {
    plan_.globals = catalogue_.find(kGlobals);
    std::vector<std::string> names;
    catalogue_.scan("", [&](const Part& part) {
      if (part.kind == "database") names.push_back(part.name);
      return true;
    });
    for (const std::string& name : names) add(name);
    if (names.empty() && !plan_.globals)
      throw Error(ErrorCode::kNotFound, "component " + printable(component_.name) + ": no database was found in its dump");
  }

  void add(const std::string& path) {
    std::optional<Part> part = find(path);
    if (part->kind == "globals") {
      plan_.globals = std::move(part);
      return;
    }
    if (part->kind == "create-database") refuse(printable(path) + ": is used by --create, with the database's own part");
    if (part->kind == "rows") {
      ++rows_only_;
      part = find(without(path, kRows) + std::string(kSql));
    }
    const size_t slash = part->name.find('/');
    const std::string element = slash == std::string::npos ? without(part->name, kSql) : part->name.substr(0, slash);
    auto job = std::ranges::find(plan_.jobs, element, &DatabaseJob::element);
    if (job == plan_.jobs.end()) {
      job = plan_.jobs.insert(job, DatabaseJob());
      job->element = element;
      job->name = database_name(element);
    }
    if (part->kind == "database") {
      job->whole = true;
      job->parts.clear();
    } else if (job->whole || std::ranges::find(job->parts, part->name, &Part::name) != job->parts.end()) {
      return;
    }
    job->parts.push_back(std::move(*part));
  }

  std::optional<Part> find(const std::string& path) {
    for (const std::string& name : {path, path + std::string(kSql)})
      if (valid_part_name(name))
        if (std::optional<Part> part = catalogue_.find(name); part && part->kind != "link") return part;
    throw Error(ErrorCode::kNotFound, printable(component_.name + "/" + path) +
                                          ": is not a database, a schema or a table of the dump (see what is in it with: cairn ls)");
  }

  void choose_targets() {
    const bool cluster = plan_.jobs.size() > 1 || plan_.globals;
    for (DatabaseJob& job : plan_.jobs) {
      const bool always_there = cluster && (job.name == "postgres" || job.name == "template1");
      job.create = options_.create && !always_there;
      if (!options_.rename.empty()) job.target = options_.rename;
      else if (options_.create || !url_database_ || plan_.jobs.size() > 1) job.target = job.name;
    }
  }

  void check_options() const {
    const bool one = plan_.jobs.size() == 1;
    if (!one && !options_.rename.empty()) refuse("--rename is for one database: name it (" + printable(component_.name) + "/DATABASE)");
    if (!one && !options_.into_schema.empty()) refuse("--into-schema is for tables, or a schema, of one database: name them");
    if (plan_.jobs.size() > 1 && !options_.create && url_database_ && !url_database_->empty()) several_into_one();
    if (plan_.jobs.empty() && (options_.create || plan_.data_only)) refuse("--create and --data-only are for databases, not for globals alone");
    for (const DatabaseJob& job : plan_.jobs) {
      if (job.create && plan_.data_only) refuse("--data-only needs the tables that --create only makes: leave out one of them");
      if (job.create && !job.whole) refuse("--create is for a whole database: restore tables into one that is there");
      if (!options_.into_schema.empty()) schema_of(job);
    }
  }

  [[noreturn]] void several_into_one() const {
    refuse("the URL names database " + printable(*url_database_) + ", but parts of " + std::to_string(plan_.jobs.size()) +
           " databases are to be restored: leave the database out of the URL (each goes to its own), or restore one at a time");
  }

  CatalogueReader& catalogue_;
  const ComponentInfo& component_;
  const PostgresRestoreOptions& options_;
  const std::optional<std::string> url_database_;
  RestorePlan plan_;
  size_t rows_only_ = 0;   // parts that were asked for as .copy
};

// The second element: "db/public/t.sql", "db/public.sql".
std::string schema_element(const Part& part) {
  const size_t first = part.name.find('/');
  if (first == std::string::npos) return "";
  const size_t second = part.name.find('/', first + 1);
  if (second == std::string::npos && part.kind != "schema") return "";
  return without(part.name.substr(first + 1, second == std::string::npos ? second : second - first - 1), second == std::string::npos ? kSql : "");
}

}  // namespace

std::string schema_of(const DatabaseJob& job) {
  const std::string element = schema_element(job.parts.front());
  const bool same = std::ranges::all_of(job.parts, [&](const Part& part) { return schema_element(part) == element; });
  const auto name = unescape_part_name(element);
  if (job.whole || element.empty() || !same || !name) refuse("--into-schema is for tables of one schema, or for one schema: name them");
  return *name;
}

bool is_asked_for(const DatabaseJob& job, const std::string& kind, const std::string& schema, const std::string& name) {
  if (job.whole) return true;
  std::string dashed = kind;
  for (char& c : dashed) c = c == ' ' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::string of_schema = job.element + "/" + part_element(schema), stem = of_schema + "/" + part_element(name);
  return std::ranges::any_of(job.parts, [&](const Part& part) {
    if (part.kind == "schema") return part.name == of_schema + std::string(kSql);
    if (!part.name.starts_with(stem)) return false;
    const std::string rest = part.name.substr(stem.size());
    return rest == kSql || rest.starts_with("." + dashed + ".") || rest.starts_with('(');
  });
}

RestorePlan plan_restore(CatalogueReader& catalogue, const ComponentInfo& component, const std::vector<std::string>& paths,
                         const PostgresRestoreOptions& options, const std::optional<std::string>& url_database) {
  return Planner(catalogue, component, options, url_database).plan(paths);
}

}  // namespace cairn
