#!/usr/bin/env python3
"""House rules that a compiler doesn't know: who may include whom, how long things get, what is built and tested.

    python3 tests/tidy_test.py               checks the repository; prints file:line messages, exits 1 if there are any
    python3 tests/tidy_test.py --self-test   checks that every rule bites

A rule is a function from a tree {path: text} to findings (path, line, message), so the self-test feeds it small trees.
"""
import os
import re
import sys

# Room: the rooms it may include besides itself.
ARROWS = {
    "chunker": [],
    "store": ["chunker"],
    "ingest": ["store", "chunker"],
    "fuse": ["store", "ingest"],
    "cli": ["chunker", "store", "ingest", "fuse"],
    "tests": ["chunker", "store", "ingest", "fuse", "cli", "bench"],
    "bench": ["chunker", "store", "ingest", "fuse", "cli", "tests"],
}
ROOMS = ["chunker", "store", "ingest", "fuse", "cli"]  # what ships

# Third-party header (a regular expression): files that may see it, and the only folders they may be in.  Tests and bench are free
# but for the folders.
THIRD_PARTY = {
    r"zstd\w*\.h|zdict\.h": (2, ["store/", "ingest/postgres/archive/", "tests/", "bench/"]),
    r"zlib\.h": (1, ["ingest/postgres/archive/", "tests/"]),
    r"lz4\w*\.h": (1, ["ingest/postgres/archive/", "tests/"]),
    r"(postgresql/)?libpq-fe\.h": (2, ["ingest/postgres/", "tests/"]),
    r"(liblzf/)?lzf\.h": (1, ["ingest/redis/", "tests/"]),
    r"hiredis/.*": (1, ["ingest/redis/", "tests/"]),
    r"openssl/.*": (4, ["ingest/redis/", "ingest/crypto/", "store/backend/s3/", "store/crypto/", "tests/"]),
    r"curl/.*": (2, ["store/backend/s3/"]),
    r"toml\+\+/.*": (1, ["ingest/document/", "tests/"]),
    r"archive(_entry)?\.h": (2, ["ingest/tar/", "tests/"]),
    r"sodium(\.h|/.*)": (3, ["store/", "tests/", "bench/"]),
    r"rocksdb/.*": (2, ["store/", "tests/", "bench/"]),
    r"fuse3/.*|fuse\w*\.h": (1, ["fuse/"]),
    r"CLI/.*": (99, ["cli/"]),
    r"nlohmann/.*": (99, ["cli/", "tests/"]),
}

# Sources without a mirror test: what tests them instead.
EXCUSED = {
    "store/backend/local_root.cc": "the lower half of local.cc: tests/store/local_test.cc",
    "store/backend/local_upload.cc": "the writing half of local.cc: tests/store/local_syscalls_test.cc",
    "store/crypto/blake3_avx2.cc": "one algorithm, several instruction sets: tests/store/blake3_test.cc forces each",
    "store/crypto/blake3_avx512.cc": "as blake3_avx2.cc",
    "store/crypto/blake3_baseline.cc": "as blake3_avx2.cc",
    "store/backend/s3/atomic_put.cc": "run by the suite of every backend: tests/store/backend_test.cc with tests/s3/rgw.sh; tests/s3/fault_runs.py",
    "store/backend/s3/body.cc": "as atomic_put.cc",
    "store/backend/s3/client.cc": "as atomic_put.cc",
    "store/backend/s3/credentials.cc": "the second half of place.h: tests/store/place_test.cc",
    "store/backend/s3/digest.cc": "tests/store/signature_test.cc; every server compares them",
    "store/backend/s3/http.cc": "as atomic_put.cc",
    "store/backend/s3/retention.cc": "tests/cli/s3_lock_test.sh with tests/s3/rgw.sh; its parser: tests/store/listing_test.cc",
    "store/backend/s3/s3.cc": "as atomic_put.cc",
    "store/backend/memory.cc": "run by the suite of every backend: tests/store/backend_test.cc",
    "store/check/pack_scan.cc": "the first half of check.cc: tests/store/check_test.cc, damage_test.cc",
    "store/check/tree_scan.cc": "the second half of check.cc: tests/store/check_test.cc, damage_test.cc",
    "store/check/stats.cc": "tests/store/repository_test.cc",
    "store/notes/late.cc": "tests/store/snapshot_list_test.cc",
    "store/index/index_records.cc": "what the index keeps: tests/store/index_test.cc",
    "store/prune/pruner.cc": "a prune's steps: tests/store/prune_test.cc; their order: gc_simulator_test.cc",
    "store/prune/reserve.cc": "tests/store/prune_test.cc, tests/cli/full_disk_test.sh",
    "store/prune/segments.cc": "tests/store/prune_test.cc: segments become few, packs leave them",
    "store/tree/references.cc": "tests/store/reachable_test.cc",
    "cli/prune_json.cc": "tests/cli/prune_test.sh reads it",
    "store/gc/write_protocol.cc": "tests/store/gc_simulator_test.cc, write_session_test.cc",
    "store/gc/prune_protocol.cc": "tests/store/gc_simulator_test.cc, prune_test.cc",
    "store/check/verified.cc": "tests/cli/witness_test.sh",
    "cli/key_json.cc": "tests/cli/key_test.sh, json_shapes_test.sh",
    "store/index/segment.cc": "tests/store/pack_directory_test.cc, index_test.cc",
    "store/retention/line.cc": "the inside of policy.cc: tests/store/retention_policy_test.cc, retention_model_test.cc",
    "store/repair/condemn.cc": "the first step of repair_packs.cc: tests/store/repair_packs_test.cc",
    "store/repair/salvage.cc": "the inside of repair_packs.cc: tests/store/repair_packs_test.cc",
    "store/repair/tree_repair.cc": "the inside of repair_snapshots.cc: tests/store/repair_snapshots_test.cc",
    "store/write/frame_builder.cc": "what sessions write with: tests/store/write_session_test.cc, pack_set_test.cc",
    "ingest/backup/before.cc": "tests/ingest/writer_backup_test.cc, backup_test.cc",
    "ingest/backup/piece_reader.cc": "which files are read and how: tests/ingest/backup_test.cc, backup_sources_test.cc, backup_trouble_test.cc",
    "ingest/backup/piece_storer.cc": "what becomes of them: tests/ingest/backup_test.cc, backup_trouble_test.cc, backup_fault_test.cc",
    "ingest/backup/previous_tree.cc": "tests/ingest/backup_test.cc: every kind of change, trees that are lost",
    "ingest/backup/tree_builder.cc": "tests/ingest/round_trip_test.cc; its counts: tests/ingest/backup_sources_test.cc",
    "ingest/bucket/bucket_address.cc": "tests/cli/s3_source_test.sh; the environment: tests/store/place_test.cc",
    "ingest/bucket/bucket_plan.cc": "what is got and what is kept: tests/cli/s3_source_test.sh",
    "ingest/bucket/bucket_restore.cc": "tests/cli/s3_source_test.sh",
    "ingest/bucket/bucket_source.cc": "tests/cli/s3_source_test.sh; objects that change meanwhile: tests/s3/changing_source.py",
    "ingest/bucket/object_content.cc": "as bucket_source.cc",
    "ingest/bucket/stored_objects.cc": "tests/cli/s3_source_test.sh",
    "ingest/copy/chunk_copier.cc": "the inside of copy.cc: tests/ingest/copy_test.cc, tests/cli/copy_test.sh",
    "ingest/copy/known_copies.cc": "as chunk_copier.cc",
    "ingest/copy/recutter.cc": "as chunk_copier.cc",
    "ingest/copy/snapshot_copy.cc": "as chunk_copier.cc",
    "ingest/copy/tree_copy.cc": "as chunk_copier.cc",
    "ingest/copy/tree_steps.cc": "as chunk_copier.cc",
    "ingest/parts/open_parts.cc": "what is recognised: tests/ingest/archive_source_test.cc, part_diff_test.cc, tests/cli/postgres_sources_test.sh",
    "ingest/parts/part_files.cc": "what PartView writes: tests/ingest/part_view_test.cc",
    "ingest/parts/part_listing.cc": "what PartView lists: tests/ingest/part_view_test.cc, restore_parts_test.cc",
    "ingest/parts/part_places.cc": "tests/fuse/view_test.cc",
    "ingest/parts/store_parts.cc": "tests/ingest/part_diff_test.cc, tests/cli/postgres_parts_test.sh",
    "ingest/postgres/dump_source.cc": "a scanner with its bytes: tests/ingest/part_diff_test.cc, tests/cli/postgres_incomplete_test.sh",
    "ingest/diff/diff.cc": "which side is what: tests/ingest/tree_diff_test.cc, part_diff_test.cc",
    "ingest/find/criteria.cc": "what find.cc asks of every entry: tests/ingest/find_test.cc",
    "ingest/find/found_tree.cc": "the second half of find.cc: tests/ingest/find_test.cc",
    "ingest/find/search.cc": "the first half of find.cc: tests/ingest/find_test.cc",
    "store/inspect/inspect_file.cc": "tests/store/inspect_test.cc",
    "store/inspect/inspect_object.cc": "tests/store/inspect_test.cc",
    "cli/find_json.cc": "tests/cli/find_test.sh, inspect_test.sh",
    "cli/json_bytes.cc": "what json.cc is made with: tests/cli/json_test.cc",
    "cli/commands/history.cc": "tests/cli/find_test.sh",
    "cli/repair_json.cc": "what repair says to programs: tests/cli/repair_test.sh, repair_snapshots_test.sh",
    "cli/commands/retention_lock.cc": "tests/cli/s3_lock_test.sh",
    "cli/commands/wanted.cc": "what --to and --only choose: tests/cli/redis_restore_test.sh, documents_test.sh, postgres_restore_test.sh",
    "cli/commands/content_args.cc": "tests/cli/compression_test.sh",
    "cli/commands/bucket_restore.cc": "tests/cli/s3_source_test.sh",
    "cli/commands/document_restore.cc": "tests/cli/documents_test.sh, knot_test.sh",
    "ingest/document/sealed_rebuild.cc": "the way back of sealed_document.cc: tests/ingest/sealed_document_test.cc",
    "ingest/document/document_restore.cc": "an extract with its file: tests/cli/documents_test.sh, knot_test.sh",
    "ingest/document/element_name.cc": "tests/ingest/document_parts_test.cc",
    "ingest/document/label_rules.cc": "tests/ingest/document_parts_test.cc, document_source_test.cc",
    "ingest/document/labels.cc": "a list: tests/ingest/document_parts_test.cc, document_extract_test.cc",
    "ingest/document/member_path.cc": "tests/ingest/document_profile_test.cc, document_parts_test.cc",
    "ingest/document/knot_profile.cc": "a text: tests/ingest/document_profile_test.cc reads it",
    "ingest/document/json_number.cc": "the scanner's numbers: tests/ingest/json_scanner_test.cc",
    "ingest/document/json_text.cc": "the scanner's strings: tests/ingest/json_scanner_test.cc",
    "ingest/document/extract/filter.cc": "the inside of extract.cc: tests/ingest/document_extract_test.cc",
    "ingest/document/extract/held_bytes.cc": "the inside of extract.cc: tests/ingest/document_extract_test.cc",
    "ingest/document/extract/needs.cc": "the inside of extract.cc: tests/ingest/document_extract_test.cc",
    "ingest/document/extract/path_matcher.cc": "the inside of extract.cc: tests/ingest/document_extract_test.cc",
    "ingest/document/extract/read.cc": "the inside of extract.cc: tests/ingest/document_extract_test.cc",
    "ingest/document/extract/selection.cc": "the inside of extract.cc: tests/ingest/document_extract_test.cc",
    "ingest/document/extract/walk.cc": "the inside of extract.cc: tests/ingest/document_extract_test.cc",
    "ingest/sort/record_arena.cc": "the inside of record_sorter.cc: tests/ingest/record_sorter_test.cc",
    "ingest/sort/record_merge.cc": "the inside of record_sorter.cc: tests/ingest/record_sorter_test.cc",
    "ingest/sort/record_runs.cc": "the inside of record_sorter.cc: tests/ingest/record_sorter_test.cc",
    "ingest/redis/key_parts.cc": "tests/ingest/rdb_source_test.cc",
    "ingest/redis/rdb_intake.cc": "the reading half of rdb_source.cc: tests/ingest/rdb_source_test.cc",
    "ingest/redis/sorted_record.cc": "tests/ingest/rdb_source_test.cc, rdb_rebuild_test.cc",
    "ingest/redis/transport.cc": "the lower half of connection.cc: tests/ingest/redis_connection_test.cc",
    "ingest/redis/reply_error.cc": "tests/ingest/redis_connection_test.cc, redis_live_source_test.cc",
    "ingest/postgres/live/live_source.cc": "tests/ingest/postgres_live_source_test.cc",
    "ingest/redis/live/live_source.cc": "tests/ingest/redis_live_source_test.cc",
    "ingest/redis/rdb/lzf_string.cc": "tests/ingest/rdb_reader_test.cc, value_commands_server_test.cc",
    "ingest/redis/rdb/rdb_reader_records.cc": "one record of rdb_reader.cc: tests/ingest/rdb_reader_test.cc, rdb_reader_long_test.cc",
    "ingest/redis/rdb/rdb_text.cc": "the reader's strings: tests/ingest/rdb_reader_test.cc",
    "ingest/redis/rdb/rdb_types.cc": "the reader's tables: tests/ingest/rdb_reader_test.cc",
    "ingest/redis/rdb/rdb_walk.cc": "the reader's walk through a value: tests/ingest/rdb_reader_test.cc, rdb_reader_long_test.cc",
    "ingest/redis/server/functions.cc": "the inside of redis_restore.cc: tests/ingest/redis_restore_test.cc, redis_restore_refusal_test.cc",
    "ingest/redis/server/key_target.cc": "the inside of redis_restore.cc: tests/ingest/redis_restore_test.cc, redis_restore_refusal_test.cc",
    "ingest/redis/server/replies.cc": "the inside of redis_restore.cc: tests/ingest/redis_restore_test.cc, redis_restore_refusal_test.cc",
    "ingest/redis/server/restore_target.cc": "the inside of redis_restore.cc: tests/ingest/redis_restore_test.cc, redis_restore_refusal_test.cc",
    "ingest/redis/server/selected_keys.cc": "the inside of redis_restore.cc: tests/ingest/redis_restore_test.cc, redis_restore_refusal_test.cc",
    "ingest/redis/server/server_level.cc": "the inside of redis_restore.cc: tests/ingest/redis_restore_test.cc, redis_restore_refusal_test.cc",
    "ingest/redis/server/server_target.cc": "the inside of redis_restore.cc: tests/ingest/redis_restore_test.cc, redis_restore_refusal_test.cc",
    "ingest/redis/server/value_feed.cc": "the inside of redis_restore.cc: tests/ingest/redis_restore_test.cc, redis_restore_refusal_test.cc",
    "ingest/redis/server/logical_target.cc": "tests/ingest/redis_logical_restore_test.cc",
    "ingest/redis/server/rdb_target.cc": "tests/ingest/redis_rdb_target_test.cc",
    "ingest/redis/server/selection.cc": "tests/ingest/redis_selection_test.cc",
    "ingest/redis/values/command_batch.cc": "the inside of value_commands.cc: tests/ingest/value_commands_test.cc, value_commands_server_test.cc",
    "ingest/redis/values/hash_fields.cc": "the inside of value_commands.cc: tests/ingest/value_commands_test.cc, value_commands_server_test.cc",
    "ingest/redis/values/quicklist.cc": "the inside of value_commands.cc: tests/ingest/value_commands_test.cc, value_commands_server_test.cc",
    "ingest/redis/values/stream_groups.cc": "the inside of value_commands.cc: tests/ingest/value_commands_test.cc, value_commands_server_test.cc",
    "ingest/redis/values/stream_node.cc": "the inside of value_commands.cc: tests/ingest/value_commands_test.cc, value_commands_server_test.cc",
    "ingest/redis/values/value_reader.cc": "the inside of value_commands.cc: tests/ingest/value_commands_test.cc, value_commands_server_test.cc",
    "ingest/postgres/archive/block.cc": "the inside of archive_source.cc: tests/ingest/archive_source_test.cc",
    "ingest/postgres/archive/custom.cc": "as block.cc",
    "ingest/postgres/archive/directory.cc": "as block.cc",
    "ingest/postgres/archive/render.cc": "as block.cc, and against pg_restore: archive_live_test.cc",
    "ingest/postgres/archive/tar.cc": "as block.cc",
    "ingest/postgres/archive/codec.cc": "tests/ingest/archive_undo_test.cc",
    "ingest/postgres/archive/codec_lz4.cc": "as codec.cc",
    "ingest/postgres/archive/codec_zstd.cc": "as codec.cc",
    "ingest/postgres/archive/deflate.cc": "as codec.cc",
    "ingest/postgres/archive/rebuild.cc": "tests/ingest/archive_recipe_test.cc, archive_source_test.cc",
    "ingest/postgres/server/database_restore.cc": "the inside of server_restore.cc: tests/ingest/server_restore_test.cc",
    "ingest/postgres/server/direct_runner.cc": "as database_restore.cc",
    "ingest/postgres/server/script_runner.cc": "as database_restore.cc",
    "ingest/postgres/server/verify.cc": "as database_restore.cc",
    "ingest/postgres/copy_rows.cc": "tests/ingest/sql_lexer_test.cc",
    "ingest/postgres/dump_scanner_outline.cc": "the second half of dump_scanner.cc: tests/ingest/dump_scanner_test.cc",
    "ingest/postgres/header_group.cc": "tests/ingest/dump_scanner_test.cc",
    "ingest/postgres/item_builder.cc": "tests/ingest/dump_scanner_test.cc",
    "ingest/postgres/session_settings.cc": "tests/ingest/dump_scanner_test.cc",
    "ingest/postgres/sql_lexer_comments.cc": "the inside of sql_lexer.cc: tests/ingest/sql_lexer_test.cc",
    "ingest/postgres/sql_lexer_statements.cc": "the inside of sql_lexer.cc: tests/ingest/sql_lexer_test.cc",
    "ingest/postgres/database_parts.cc": "the inside of parts.cc: tests/ingest/postgres_parts_test.cc, postgres_parts_server_test.cc",
    "ingest/postgres/database_part_texts.cc": "as database_parts.cc",
    "ingest/postgres/dependencies.cc": "as database_parts.cc",
    "ingest/postgres/dependencies_attach.cc": "as database_parts.cc",
    "ingest/postgres/dependencies_find.cc": "as database_parts.cc",
    "ingest/postgres/part_builder.cc": "as database_parts.cc",
    "ingest/restore/streamed.cc": "tests/ingest/restore_parts_test.cc, transform_test.cc",
    "ingest/restore/plan.cc": "windows of a restore: tests/ingest/restore_damage_test.cc",
    "ingest/restore/restorer.cc": "the inside of restore.cc: tests/ingest/restore_test.cc, restore_damage_test.cc",
    "ingest/restore/verify.cc": "tests/ingest/restore_test.cc, with changes between writing and verifying",
    "ingest/stream/child_process.cc": "the lower half of stream_source.cc: tests/ingest/stream_source_test.cc",
    "ingest/backup/new_manifest.cc": "tests/ingest/backup_test.cc, copy_test.cc",
    "fuse/file_reader.cc": "tests/fuse/view_test.cc",
    "fuse/mount.cc": "tests/cli/mount_tree_test.sh and the others of mount",
    "fuse/opened_file.cc": "tests/fuse/view_test.cc",
    "fuse/part_directories.cc": "tests/fuse/view_test.cc, tests/cli/mount_parts_test.sh",
    "fuse/reader_pool.cc": "tests/fuse/view_test.cc",
    "fuse/rebuilt_file.cc": "tests/cli/mount_parts_test.sh",
    "fuse/snapshot_source.cc": "tests/fuse/view_test.cc",
    "fuse/status.cc": "tests/fuse/view_test.cc, tests/cli/mount_tree_test.sh",
    "fuse/tree_directories.cc": "tests/fuse/view_test.cc",
    "fuse/unmount.cc": "tests/cli/mount_killed_test.sh",
    "fuse/view_above.cc": "the upper half of view.cc: tests/fuse/view_test.cc",
    "cli/commands/mount.cc": "tests/cli/mount_tree_test.sh, mount_killed_test.sh, mount_users_test.sh",
    "cli/daemon.cc": "tests/cli/mount_killed_test.sh",
    "ingest/tar/acl.cc": "tests/cli/export_test.sh, against GNU tar",
    "ingest/tar/archive.cc": "tests/cli/export_test.sh, import_test.sh, against GNU tar",
    "ingest/tar/export.cc": "tests/cli/export_test.sh",
    "ingest/tar/import.cc": "tests/cli/import_test.sh, export_test.sh",
    "ingest/tree/directory_stack.cc": "what a walk is inside of: tests/ingest/tree_walk_test.cc, walk_deep_test.cc",
    "ingest/tree/name_stack.cc": "as directory_stack.cc",
    "ingest/tree/sink_state.cc": "the inside of sink.cc: tests/ingest/sink_test.cc, sink_escape_test.cc",
    "ingest/tree/temporary.cc": "as sink_state.cc",
}

LONG_FILE, LONGEST_FILE, LONGEST_FUNCTION = 400, 600, 90  # lines
TEXT = (".cc", ".h", ".md", ".py", ".sh", ".cmake", ".txt", ".json", ".toml", ".yml", ".yaml", ".service")
SELF = "tests/tidy_test.py"  # names what it forbids


def room_of(path):
    return path.split("/")[0]


def cpp(tree, rooms=tuple(ARROWS)):
    return [(p, t) for p, t in sorted(tree.items()) if p.endswith((".cc", ".h")) and room_of(p) in rooms]


def line_at(text, position):
    return text.count("\n", 0, position) + 1


TOKEN = re.compile(r"""//(?:[^\n\\]|\\.|\\\n)* | /\*.*?\*/ | R"([^()\s\\]*)\(.*?\)\1" | "(?:[^"\\\n]|\\.)*" |
                       (?<![0-9A-Za-z_])'(?:[^'\\\n]|\\.)+' """, re.S | re.X)


def code_only(text):
    """The text with comments, strings and characters emptied, lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return TOKEN.sub(blank, text)


def includes(text):
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', text, re.M):
        yield line_at(text, match.start()), match.group(1), match.group(2)


def rule_arrows(tree):
    """Rooms include only the rooms below them."""
    for path, text in cpp(tree):
        here = room_of(path)
        for line, quote, name in includes(text):
            there = room_of(name)
            if quote == '"' and there not in ARROWS:
                yield path, line, f'"{name}": write the path from the top of the repository, "room/file.h"'
            elif there in ARROWS and there != here and there not in ARROWS[here]:
                yield path, line, f"{here} may not include {there} ({name})"


def rule_file_length(tree):
    """No source file over the limit."""
    for path, text in cpp(tree):
        lines = text.count("\n")
        if lines > LONGEST_FILE:
            yield path, lines, f"{lines} lines, at most {LONGEST_FILE}: look for the second subject in it"


SCOPE = re.compile(r"\s*(?:template\s*<.*?>\s*)?(?:inline\s+)?(?:namespace|class|struct|union|enum|extern)\b", re.S)


def functions(text):
    """(first line, last line) of each function that is not inside another; a heuristic that knows our style."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda m: "\n" * m.group().count("\n"), code_only(text), flags=re.M)
    open_braces, head = [], 0
    for match in re.finditer(r"[{};]", code):
        before, at = code[head:match.start()], match.start()
        head = match.end()
        if match.group() == "{":
            scope = SCOPE.match(before)
            outside = all(kind == "scope" for kind, _ in open_braces)
            kind = "scope" if scope and ")" not in before else "function" if outside and ")" in before else "block"
            open_braces.append((kind, at - len(before.lstrip())))
        elif match.group() == "}" and open_braces:
            kind, start = open_braces.pop()
            if kind == "function":
                yield line_at(code, start), line_at(code, at)


def rule_function_length(tree):
    """No function over the limit."""
    for path, text in cpp(tree):
        for first, last in functions(text):
            if last - first + 1 > LONGEST_FUNCTION:
                yield path, first, f"a function of {last - first + 1} lines, at most {LONGEST_FUNCTION}"


def rule_built(tree):
    """Every source is in the build."""
    listed = set()
    for path, text in tree.items():
        if os.path.basename(path) == "CMakeLists.txt" or path.endswith(".cmake"):
            folder = "" if path.startswith("cmake/") else os.path.dirname(path)
            for word in re.split(r'[\s()";]+', re.sub(r"#.*", "", text)):
                word = re.sub(r"^\$\{\w*SOURCE_DIR\}/", "", word)
                listed.update([word, os.path.normpath(os.path.join(folder, word))] if word else [])
    for path, _ in cpp(tree):
        if path.endswith(".cc") and path not in listed:
            yield path, 1, "not in CMakeLists.txt, cmake/*.cmake or tests/CMakeLists.txt: it is not built"


def rule_mirrored(tree, excused=None):
    """Every source has a test of its own or an excuse, and no excuse is out of date."""
    excused = EXCUSED if excused is None else excused
    tests = {re.sub(r"\.\w+$", "", p) for p in tree if p.startswith("tests/")}
    by_name = {(room_of(p[6:]), os.path.basename(p)) for p in tests}
    sources = [p for p, _ in cpp(tree, ROOMS) if p.endswith(".cc")]
    for path in sources:
        stem, room, folder = os.path.basename(path)[:-3], room_of(path), os.path.basename(os.path.dirname(path))
        namesakes = [p for p in sources if room_of(p) == room and os.path.basename(p) == stem + ".cc"]
        mirrored = (f"tests/{path[:-3]}_test" in tests or (room, f"{folder}_{stem}_test") in by_name
                    or (len(namesakes) == 1 and (room, stem + "_test") in by_name))
        if not mirrored and path not in excused:
            test = f"{stem}_test" if len(namesakes) == 1 else f"{folder}_{stem}_test"
            yield path, 1, f"no tests/{room}/**/{test}.*, and not EXCUSED in {SELF}"
        if mirrored and path in excused:
            yield SELF, 1, f"{path} has a test now: take it out of EXCUSED"
    for path in excused:
        if path not in tree:
            yield SELF, 1, f"{path} is EXCUSED but doesn't exist"


def rule_third_party(tree):
    """A foreign header is seen by few files."""
    for pattern, (most, folders) in THIRD_PARTY.items():
        seen = [(p, line, name) for p, text in cpp(tree) for line, _, name in includes(text) if re.fullmatch(pattern, name)]
        for path, line, name in seen:
            if not path.startswith(tuple(folders)):
                yield path, line, f"{name} belongs to {' '.join(folders)} only"
        rooms = sorted({p for p, _, _ in seen if room_of(p) in ROOMS})
        for path, line, name in seen:
            if path in rooms[most:]:
                yield path, line, f"{name} is seen by {len(rooms)} files, at most {most}: {' '.join(rooms)}"


def forbid(tree, pattern, message, paths=lambda path: True):
    for path, text in cpp(tree):
        for match in re.finditer(pattern, code_only(text)) if paths(path) else []:
            yield path, line_at(text, match.start()), message


def rule_shared_ptr(tree):
    """One owner each."""
    return forbid(tree, r"\b(shared_ptr|make_shared)\b", "shared_ptr: give it one owner")


def rule_naked_new(tree):
    """Memory is owned by types."""
    yield from forbid(tree, r"(?<!operator )\bnew\b\s*[\w:(\[]", "naked new: make_unique or a container")
    yield from forbid(tree, r"(?<!operator )(?<!= )(?<!=)\bdelete\b", "naked delete: let a type own it")


def rule_close(tree):
    """Descriptors are closed by Fd."""
    return forbid(tree, r"(?<!\w)::close\s*\(", "::close( is for store/fd.h only: use Fd", lambda p: p != "store/fd.h")


def rule_weak_random(tree):
    """Keys and nonces come from libsodium."""
    return forbid(tree, r"\bmt19937|\bs?rand(_r)?\s*\(|\bminstd_rand|\bdefault_random_engine", "not a source of secrets",
                  lambda p: p.startswith("store/crypto/"))


def rule_machine_paths(tree):
    """Nothing points at the machine it was written on."""
    for path, text in sorted(tree.items()):
        for match in re.finditer(r"(?<![\w.}])/home/\w|\.\./shared", text) if not path.startswith("tests/") else []:
            yield path, line_at(text, match.start()), "a path of one machine"


def rule_unfinished(tree):
    """No notes to self."""
    for path, text in sorted(tree.items()):
        for match in re.finditer(r"\b(TODO|FIXME)\b", text) if path != SELF else []:
            yield path, line_at(text, match.start()), f"{match.group()}: do it, or say in plain words what is missing"


RULES = [rule_arrows, rule_file_length, rule_function_length, rule_built, rule_mirrored, rule_third_party, rule_shared_ptr,
         rule_naked_new, rule_close, rule_weak_random, rule_machine_paths, rule_unfinished]

LONG_BODY = "  if (x) {\n    f();\n  }\n" * 30 + "  g();\n"  # with signature and end: 93 lines

# Rule: trees it must complain about, trees it must accept.
SELF_TESTS = {
    rule_arrows: (
        [{"chunker/a.cc": '#include "store/bytes.h"\n'}, {"store/a.h": '#include "ingest/monitor.h"\n'},
         {"ingest/a.cc": '#include "fuse/mount.h"\n'}, {"fuse/a.cc": '#include "cli/main.h"\n'},
         {"fuse/a.cc": '#include "chunker/chunker.h"\n'}, {"cli/a.cc": '#  include "tests/store/temp_dir.h"\n'},
         {"cli/a.cc": '#include "bench/a.h"\n'}, {"store/a.cc": '#include "bytes.h"\n'}, {"store/a.cc": "#include <cli/a.h>\n"}],
        [{"store/a.cc": '#include "store/b.h"\n#include "chunker/chunker.h"\n#include <zstd.h>\n'},
         {"cli/a.cc": '#include "fuse/mount.h"\n#include "chunker/chunker.h"\n'}, {"tests/a.cc": '#include "cli/a.h"\n'}]),
    rule_file_length: ([{"store/a.cc": "\n" * 601}, {"tests/store/a_test.cc": "\n" * 601}], [{"store/a.cc": "\n" * 600}]),
    rule_function_length: (
        [{"store/a.cc": "namespace cairn {\nint f(int x) {\n" + LONG_BODY + "}\n}\n"},
         {"store/a.h": "class A : public B {\n public:\n  A() : a_(1) {\n" + LONG_BODY + "  }\n};\n"},
         {"store/a.h": "template <class T>\nstruct A {\n  int f() const override {\n" + LONG_BODY + "  }\n};\n"},
         {"tests/store/a_test.cc": "TEST(A, Works) {\n  const char* s = R\"({)\";\n  char c = '}';\n" + LONG_BODY + "}\n"}],
        [{"store/a.cc": "namespace {\n" + "int f(int x) {\n  return 1'000'000;  // {\n}\n" * 40 + "}\n"},
         {"store/a.cc": "struct A {\n" + "  int a;\n" * 100 + "};\nconstexpr int kTable[] = {\n" + "  1,\n" * 100 + "};\n"}]),
    rule_built: (
        [{"store/a.cc": "", "CMakeLists.txt": "add_library(x store/b.cc)"},
         {"tests/store/a_test.cc": "", "tests/CMakeLists.txt": ""},
         {"store/a.cc": "", "cmake/rooms.cmake": "# store/a.cc\nx(xstore/a.cc)"}],
        [{"store/a.cc": "", "cmake/rooms.cmake": "cairn_library(x\n  store/a.cc)"},
         {"tests/store/a_test.cc": "", "tests/CMakeLists.txt": "add_executable(t store/a_test.cc)"},
         {"bench/a.cc": "", "CMakeLists.txt": "add_executable(b ${PROJECT_SOURCE_DIR}/bench/a.cc)"}]),
    rule_mirrored: (
        [{"store/a.cc": ""}, {"store/a.cc": "", "tests/ingest/a_test.cc": ""},
         {"store/pack/a.cc": "", "tests/store/b_test.cc": ""},
         {"store/pack/a.cc": "", "store/tree/a.cc": "", "tests/store/a_test.cc": "", "tests/store/tree_a_test.cc": ""}],
        [{"store/pack/a.cc": "", "tests/store/a_test.cc": ""}, {"store/pack/a.cc": "", "tests/store/pack/a_test.cc": ""},
         {"store/pack/a.cc": "", "store/tree/a.cc": "", "tests/store/pack_a_test.cc": "", "tests/store/tree_a_test.cc": ""},
         {"cli/a.cc": "", "tests/cli/a_test.sh": ""}, {"store/a.h": ""}]),
    rule_third_party: (
        [{f"store/{i}.cc": "#include <zstd.h>\n" for i in range(3)}, {"ingest/postgres/a.cc": "#include <zlib.h>\n"}, {"ingest/a.cc": "#include <sodium.h>\n"},
         {f"store/{i}.cc": "#include <sodium.h>\n" for i in range(4)},
         {f"store/{i}.cc": "#include <rocksdb/db.h>\n" for i in range(3)}, {"store/a.cc": "#include <CLI/CLI.hpp>\n"},
         {"ingest/a.h": "#include <nlohmann/json.hpp>\n"}, {"tests/a.cc": "#include <CLI/CLI.hpp>\n"}],
        [{"store/a.cc": "#include <zstd.h>\n#include <zstd_errors.h>\n", "tests/store/a_test.cc": "#include <zstd.h>\n"},
         {"cli/a.cc": "#include <nlohmann/json.hpp>\n#include <CLI/CLI.hpp>\n"}]),
    rule_shared_ptr: ([{"store/a.cc": "std::shared_ptr<int> p;\n"}, {"cli/a.h": "auto p = std::make_shared<int>(1);\n"}],
                      [{"store/a.cc": "// no shared_ptr\nauto s = \"shared_ptr\";\n"}]),
    rule_naked_new: ([{"store/a.cc": "int* p = new int;\n"}, {"store/a.cc": "delete p;\n"}, {"tests/a.cc": "f(new (p) Foo{});\n"},
                      {"store/a.cc": "delete[] p;\n"}],
                     [{"store/a.h": "A(const A&) = delete;\nbool new_file;\nint news;  // a new file\nvoid renew(int);\n"}]),
    rule_close: ([{"store/a.cc": "::close(fd);\n"}, {"tests/a.cc": "if (::close (fd)) return;\n"}],
                 [{"store/fd.h": "::close(fd);\n"}, {"store/a.cc": "Folder::close(); ::closedir(d);\n"}]),
    rule_weak_random: ([{"store/crypto/a.cc": "std::mt19937 g;\n"}, {"store/crypto/a.cc": "x = rand();\n"},
                        {"store/crypto/a.cc": "srand(1);\n"}],
                       [{"store/crypto/a.cc": "randombytes_buf(p, n); operand(1);\n"}, {"bench/a.cc": "std::mt19937 g;\n"}]),
    rule_machine_paths: ([{"README.md": "see /home/somebody/x\n"}, {"scripts/a.sh": "cd ../shared\n"}, {"store/a.cc": "// /home/a\n"}],
                         [{"tests/a.sh": "/home/x"}, {"README.md": "a/home/b and $HOME/network/\n"}]),
    rule_unfinished: ([{"store/a.cc": "// TODO: later\n"}, {"README.md": "FIXME\n"}], [{"store/a.cc": "int todo; // TODOS\n"}]),
}


def self_test():
    failures = []
    for rule in RULES:
        bad, good = SELF_TESTS[rule]
        judge = (lambda tree: rule_mirrored(tree, {})) if rule is rule_mirrored else rule
        failures += [f"{rule.__name__} lets this pass: {tree}" for tree in bad if not list(judge(tree))]
        failures += [f"{rule.__name__} refuses this: {tree}: {list(judge(tree))}" for tree in good if list(judge(tree))]
    if not list(rule_mirrored({}, {"store/gone.cc": "old"})):
        failures.append("rule_mirrored lets an excuse for a missing file pass")
    if not list(rule_mirrored({"store/a.cc": "", "tests/store/a_test.cc": ""}, {"store/a.cc": "old"})):
        failures.append("rule_mirrored lets an outdated excuse pass")
    for failure in failures:
        print(failure[:300])
    print(f"tidy self-test: {len(RULES)} rules, {len(failures)} failures")
    return 1 if failures else 0


def read_tree(top):
    tree = {}
    for folder, folders, names in os.walk(top):
        folders[:] = [f for f in folders if f not in (".git", "__pycache__", "golden") and not f.startswith("build")]
        for name in names:
            full = os.path.join(folder, name)
            path = os.path.relpath(full, top)
            if os.path.islink(full) or not (name.endswith(TEXT) or path == ".ci/run"):
                continue
            with open(full, encoding="utf-8", errors="replace") as file:
                tree[path] = file.read()
    return tree


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if sys.argv[1:]:
        print(__doc__)
        return 2
    tree = read_tree(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    findings = [finding for rule in RULES for finding in rule(tree)]
    for path, line, message in findings:
        print(f"{path}:{line}: {message}")
    for path, text in cpp(tree):
        if LONG_FILE < text.count("\n") <= LONGEST_FILE:
            print(f"note: {path} has {text.count(chr(10))} lines; look for a second subject")
    sources = sum(path.endswith(".cc") for path, _ in cpp(tree, ROOMS))
    print(f"tidy: {len(tree)} files, {sources} sources, {len(EXCUSED)} excused from a mirror test, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
