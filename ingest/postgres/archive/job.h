// What the readers of the three containers share: where things go, and what became of the archive.
//
// Threads:  one thread at a time.
#pragma once

#include <string>

#include "ingest/postgres/archive/input.h"
#include "ingest/postgres/archive/recipe.h"
#include "ingest/postgres/archive/render.h"
#include "ingest/postgres/archive/stored_stream.h"
#include "ingest/postgres/archive/undo.h"

namespace cairn {

struct ArchiveJob {
  ArchiveJob(ArchiveFormat format, Toc the_toc, Bytes head)
      : toc(std::move(the_toc)), head_bytes(head.size()), out(std::move(head)), recipe(format), render(toc, out) {
    recipe.text(0, head_bytes);
  }
  ArchiveJob(const ArchiveJob&) = delete;
  ArchiveJob& operator=(const ArchiveJob&) = delete;

  // Bytes of the original that nothing else makes.
  void verbatim(ByteView bytes) {
    out.verbatim(bytes);
    recipe.verbatim(bytes.size());
  }
  void verbatim(Input& in, size_t size) {
    verbatim(in.peek(size).first(size));
    in.skip(size);
  }
  // The first problem is the one that is told.
  void trouble(const std::string& what) {
    if (problem.empty()) problem = what;
  }

  Toc toc;
  uint64_t head_bytes;
  StoredStream out;
  RecipeWriter recipe;
  Renderer render;
  UndoHints hints;
  std::string problem;   // why the archive isn't whole, for people; "" while it is
  std::vector<std::string> warnings;
};

// "the data of app.\"Mixed;Case\"": for problems.
std::string data_of(const TocEntry& entry);

// Reads a container behind its table of contents.
class Container {
 public:
  virtual ~Container() = default;
  // Reads some more and passes it to the job, a few MiB of plain bytes at most.  False: everything was read, the rendering is
  // over, and the recipe's files are complete.
  virtual bool step() = 0;
};

// Both read on behind the table of contents; `toc_bytes`: of the member toc.dat.  Everything must outlive them.
std::unique_ptr<Container> make_custom_container(ArchiveJob& job, Input& in);
std::unique_ptr<Container> make_tar_container(ArchiveJob& job, Input& in, uint64_t toc_bytes);

}  // namespace cairn
