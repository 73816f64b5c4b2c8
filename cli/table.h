// Rows of text in columns as wide as they must be.
//
// Threads:  one thread at a time.
#pragma once

#include <string>
#include <vector>

namespace cairn {

class Table {
 public:
  enum class Side { kLeft, kRight };
  // One per column.  A column whose cells are all empty is left out.
  struct Column {
    std::string title;
    Side side = Side::kLeft;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Requires: as many cells as columns; each fit for a terminal (printable()).
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  // With the titles first; lines end with "\n" and have no blanks before it.
  std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace cairn
