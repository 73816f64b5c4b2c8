// What is to be taken out of a document: whole sections, and elements by what they are called.
//
// Threads:  one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/document/extract.h"
#include "ingest/document/extract/walk.h"

namespace cairn {

// What is taken of one section of a profile, or of one member at the top.
class Taking {
 public:
  // `section`: nullptr without one; must outlive this.   `path`: the member at the top.
  Taking(const DocumentSection* section, std::string path) : section_(section), path_(std::move(path)) {}

  const DocumentSection* section() const { return section_; }
  const std::string& path() const { return path_; }
  bool whole() const { return whole_; }
  bool asked() const { return whole_ || !wanted_.empty(); }   // by the user
  bool by_name() const { return !whole_ && !wanted_.empty(); }
  void want_all() { whole_ = true; }
  void want(std::string element) { wanted_.push_back({std::move(element), false}); }
  // Further elements, by their numbers in the document, ascending.
  void want_numbers(std::vector<uint64_t> numbers) { numbers_ = std::move(numbers); }
  bool anything() const { return asked() || !numbers_.empty(); }

  // The paths of what its elements are called: the profile's, then the usual ones, best first.
  std::vector<MemberPath> labels() const;
  // Whether the element is taken.  The texts in it from `first_path` on, as many as labels(), are its labels.
  bool takes(const Element& element, size_t first_path);
  // Wanted elements that takes() hasn't seen; none when it is taken as a whole.
  std::vector<std::string> missing() const;

 private:
  size_t known_labels() const { return section_ ? section_->label.size() : 0; }
  // What the element may be called by.
  std::vector<std::string> names(const Element& element, size_t first_path) const;
  struct Wanted {
    std::string text;
    bool found = false;
  };
  const DocumentSection* section_;
  std::string path_;
  bool whole_ = false;
  std::vector<Wanted> wanted_;
  std::vector<uint64_t> numbers_;
};

class Selection {
 public:
  // kInvalidArgument.   `profile` must outlive this.
  Selection(const DocumentProfile* profile, const DocumentSelection& selection);

  const DocumentProfile* profile() const { return profile_; }
  std::vector<Taking>& takings() { return takings_; }
  const std::vector<Taking>& takings() const { return takings_; }
  // That of a section of the profile, made when it isn't there.
  Taking& of(const DocumentSection& section);
  // Places in takings() of what is taken of a member at the top, if anything is.
  std::vector<size_t> of_member(std::string_view name) const;
  bool any_case() const { return profile_ != nullptr; }

  // Warnings of sections that are taken without what they come with.
  std::vector<std::string> warnings() const;
  // kNotFound unless all that was wanted is there.   `members`: the document's, at the top.
  void require_found(const std::vector<std::string>& members) const;

 private:
  bool same_name(std::string_view a, std::string_view b) const { return any_case() ? same_member(a, b) : a == b; }
  std::string list(const std::vector<std::string>& members) const;

  const DocumentProfile* profile_;
  std::vector<Taking> takings_;
};

}  // namespace cairn
