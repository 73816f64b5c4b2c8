// Archives of pg_dump (-Fc custom, -Ft tar, -Fd directory) as streams with parts.
//
// The stored stream is the archive's head (everything up to the end of its table of contents), then the archive as the plain dump
// that pg_restore -C would print, so that the rows of a table make the same chunks in every format, and among and behind that what
// can't be derived.  Its transform is "pgdump-custom", "pgdump-tar" or "pgdump-directory"; rebuild.h undoes it.   FORMAT.md,
// "Archives of pg_dump".
//
// Nothing is lost, whatever comes: what isn't understood is stored as it is.  An archive whose head isn't understood (an archive
// version we don't know) goes through unchanged: no transform, no parts, a warning.  So does one that is cut within its table of
// contents, which then is a stream that breaks off.
//
// Properties beside those of a plain dump: "format" = custom | tar | directory; "compression" = none | gzip | lz4 | zstd;
// "archive.version" = "1.14"; "original" = dump.pgdump | dump.tar | dump: the name under which users see the original.
//
// Memory:   the table of contents (≤ 256 MiB, else it isn't understood) and some MiB.
// Threads:  one thread at a time.
// Source:   PostgreSQL documentation: pg_dump, pg_restore; the archives of pg_dump 15 and 17.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "ingest/parts/parted_source.h"
#include "store/bytes.h"

namespace cairn {

// How many bytes of a stream's beginning looks_like_archive() wants, if there are as many.
inline constexpr size_t kArchiveProbeBytes = 1024;

// True when a stream that begins so is a custom or a tar archive of pg_dump.
bool looks_like_archive(ByteView beginning);

// `read` gives at least one byte, or 0 at the end; what it throws, read() of the source throws.  `component`: see parts.h.
std::unique_ptr<PartedSource> make_archive_source(std::function<size_t(std::span<uint8_t>)> read, const std::string& component);

// True when the directory has a toc.dat that begins like one of pg_dump.  Errors: those of the system.
bool is_archive_directory(int directory_fd);

// Reads toc.dat, the files of data in its order, then the rest in the order of their names.  nullptr when the directory holds
// anything but regular files (it is no archive then, or more than one), or its toc.dat isn't understood (a newer archive version):
// it is an ordinary tree then.  Where toc.dat is cut, the files come as they are, without parts, as an archive that breaks off.
// `directory_fd` stays the caller's, and must stay open as long as the source lives.
// Errors: those of the system, also later, from read().
std::unique_ptr<PartedSource> make_archive_directory_source(int directory_fd, const std::string& component);

}  // namespace cairn
