#include "ingest/redis/values/command_batch.h"

namespace cairn {

void CommandWords::copied(std::string_view word) {
  words_.push_back({nullptr, copies_.size(), word.size()});
  copies_.append(word);
}

void CommandWords::number(uint64_t value) { copied(std::to_string(value)); }

void CommandWords::lasting(std::string_view word) {
  if (word.empty()) return copied(word);   // may have no address
  words_.push_back({word.data(), 0, word.size()});
}

void CommandWords::run() {
  views_.clear();
  for (const Word& word : words_) views_.emplace_back(word.lasting != nullptr ? word.lasting : copies_.data() + word.offset, word.size);
  emit_(views_);
  words_.clear();
  copies_.clear();
}

void CommandBatch::begin() {
  for (std::string_view word : beginning_) words_.lasting(word);
}

void CommandBatch::add(std::initializer_list<std::string_view> element) {
  size_t bytes = 0;
  for (std::string_view word : element) bytes += word.size();
  if (elements_ > 0 && (elements_ == kMostElements || bytes > kMostBytes - bytes_)) flush();
  if (elements_ == 0) begin();
  if (bytes > kMostBytes) {
    for (std::string_view word : element) words_.lasting(word);
    words_.run();
    return;
  }
  for (std::string_view word : element) words_.copied(word);
  bytes_ += bytes;
  ++elements_;
}

void CommandBatch::flush() {
  if (elements_ == 0) return;
  words_.run();
  elements_ = bytes_ = 0;
}

}  // namespace cairn
