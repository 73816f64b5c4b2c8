// What a pg_dump child writes, cut so that several make one script.
//
// Threads:  one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ingest/stream/stream_source.h"

namespace cairn {

// Passes a child's script on without its end ("-- PostgreSQL database dump complete", \unrestrict), and without its beginning
// (versions, \restrict, settings) where that is asked for.
// Errors: as the child's; kIo when its end isn't there, although it says that all went well.
class ScriptSource : public StreamSource {
 public:
  static constexpr std::string_view kDumpEnd = "--\n-- PostgreSQL database dump complete\n--\n";
  static constexpr std::string_view kClusterEnd = "--\n-- PostgreSQL database cluster dump complete\n--\n";

  ScriptSource(const std::string& name, std::unique_ptr<StreamSource> child, bool with_head, std::string_view end)
      : name_(name), child_(std::move(child)), head_seen_(with_head), end_(end) {}

  size_t read(std::span<uint8_t> into) override;
  void finish() override {}  // read() finished the child when it ended
  // What was cut off the end, fit to end a script that began with this one's beginning.   Requires: read() returned 0.
  const std::string& tail() const { return tail_; }

 private:
  void fill();
  void split_tail();

  const std::string name_;  // for messages
  std::unique_ptr<StreamSource> child_;
  bool head_seen_;
  const std::string_view end_;
  std::string text_;     // read, not passed on; begins at at_
  size_t at_ = 0;
  bool ended_ = false;
  std::string tail_;
};

// How much of the beginning of a pg_dump script comes before its first entry.  `script`: some kilobytes, or all of a shorter one.
size_t script_head_bytes(std::string_view script);

}  // namespace cairn
