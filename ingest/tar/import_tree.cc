#include "ingest/tar/import_tree.h"

#include "store/error.h"
#include "store/tree/directory.h"

namespace cairn {

namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

std::vector<std::string> elements_of(const std::string& path) {
  std::vector<std::string> out;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    std::string element = path.substr(begin, end - begin);
    begin = end + 1;
    if (element.empty() || element == ".") continue;
    if (element == "..") refuse("leads out of the archive by ..");
    if (!valid_entry_name(element)) refuse("has a name that no file can have");
    out.push_back(std::move(element));
  }
  if (out.size() >= static_cast<size_t>(kMostDirectoryDepth)) refuse("is nested too deep");
  return out;
}

}  // namespace

ImportTree::ImportTree(Entry root) : implied_(root) { root_.entry = std::move(root); }

// The directory that holds the last element; those the archive hasn't told of are made.
ImportTree::Node& ImportTree::parent_of(const std::vector<std::string>& elements) {
  Node* at = &root_;
  for (size_t i = 0; i + 1 < elements.size(); ++i) {
    std::unique_ptr<Node>& child = at->children[elements[i]];
    if (!child) {
      child = std::make_unique<Node>();
      child->entry = implied_;
      child->entry.name = elements[i];
    }
    if (child->entry.type != EntryType::kDirectory) refuse("lies beneath something that is no directory");
    at = child.get();
  }
  return *at;
}

const Entry& ImportTree::link_target(const std::string& path) {
  const std::vector<std::string> elements = elements_of(path);
  Node* at = &root_;
  for (const std::string& element : elements) {
    auto child = at->children.find(element);
    if (child == at->children.end()) refuse("is a hard link to what isn't there: " + printable(path));
    at = child->second.get();
  }
  if (at->entry.type != EntryType::kFile) refuse("is a hard link to what is no file: " + printable(path));
  if (at->entry.link_group == 0) at->entry.link_group = ++link_groups_;
  return at->entry;
}

void ImportTree::add(const std::string& path, Entry entry, const std::string* hard_link) {
  const std::vector<std::string> elements = elements_of(path);
  if (hard_link) entry = link_target(*hard_link);   // a copy
  if (elements.empty()) {
    if (entry.type != EntryType::kDirectory) refuse("is no directory, but has the place of all");
    entry.name = root_.entry.name;
    root_.entry = std::move(entry);
    return;
  }
  std::unique_ptr<Node>& place = parent_of(elements).children[elements.back()];
  if (!place) place = std::make_unique<Node>();
  entry.name = elements.back();
  place->entry = std::move(entry);
  if (place->entry.type != EntryType::kDirectory) place->children.clear();
}

void ImportTree::store(Node& directory, const PutObject& put) {
  DirectoryWriter writer(put);
  for (auto& [name, child] : directory.children) {   // sorted by bytes
    if (child->entry.type == EntryType::kDirectory) store(*child, put);
    writer.add(std::move(child->entry));
    child.reset();
  }
  directory.entry.directory = writer.finish();
  directory.entry.size_bytes = writer.size_bytes();
  directory.entry.file_count = writer.file_count();
}

Entry ImportTree::finish(const PutObject& put) {
  store(root_, put);
  return std::move(root_.entry);
}

}  // namespace cairn
