#ifndef WEFT_FILE_H
#define WEFT_FILE_H

/*
 * Files, directories, and being told of their changes; natively only, on libuv's threads.
 *
 *     weft_await_to(self->file, weft_file_open("notes.txt", "r"));
 *     weft_with(self->file) {
 *         weft_for_await(self->line, weft_file_lines(self->file)) {
 *             puts(self->line);
 *             weft_free(self->line);
 *         }
 *     }
 *
 * Paths and what is to be written are copied at the call, so they may be in local variables; a buffer that is
 * read into must live until the await ends, in the coroutine's structure. A cancellation ends the wait and
 * nothing else is lost: a read that comes too late is there for the next one, a descriptor that comes too
 * late is closed. What is under way in a thread goes on there, so a write, a rename or a removal that was
 * cancelled may have happened or not. Errors are SystemError with the path and the system's words, "cannot
 * open notes.txt: no such file or directory (ENOENT)"; their `system` is "ENOENT".
 *
 * libuv has four threads for all loops of the process unless the environment's UV_THREADPOOL_SIZE says
 * another number: functions of weft_to_thread that block them all keep files waiting.
 */

#include <weft/bytes.h>
#include <weft/coroutine.h>

WEFT_BEGIN_DECLARATIONS

/* --- An open file --- */

/*
 * Opens a file; the value is a weft_file * that the taker closes. The mode is fopen's: "r", "w" or "a", then
 * "+" to read and write, "x" to fail if it exists. New ones get the permissions 0666 less the umask. A
 * directory is refused (EISDIR).
 *
 * Named pipes, terminals and other devices work, too, and block no thread: the first read of a named pipe
 * waits for a writer, and opening one for writing that nobody reads fails (ENXIO). Descriptors do not pass on
 * to child processes. open()
 */
weft_coroutine *weft_file_open(const char *path, const char *mode) WEFT__MUST_USE;

/* The same with the flags of open(2), O_RDWR | O_CREAT | …, and the permissions of a new file. os.open */
weft_coroutine *weft_file_open_with(const char *path, int flags, int permissions) WEFT__MUST_USE;

/*
 * Opens a new file of a name that nobody else has: `prefix` and six characters; NULL: "weft-" in the folder
 * for temporary files. Only its owner may use it. weft_file_path tells the name; who no longer needs the file
 * removes it. tempfile.NamedTemporaryFile
 */
weft_coroutine *weft_file_open_temporary(const char *prefix) WEFT__MUST_USE;

/*
 * Closes it at once, or as soon as the thread that works on it comes back; a task that waits in it gets
 * InvalidState. What was written is the system's: weft_file_sync makes sure of the disk. NULL is allowed. At
 * the end of a weft_with block it is closed in a thread, and raises what the system found out only then.
 */
void weft_file_close(weft_file *file);

/* The path it was opened with. */
const char *weft_file_path(const weft_file *file);

/* The descriptor, for calls of the system's own. It is the file's, and does not block. file.fileno() */
int weft_file_descriptor(const weft_file *file);

/*
 * Reading and writing at the file's position, one task at a time: a second one gets RuntimeError. Reads look
 * ahead by 64 KiB. A file opened to append writes at its end whatever the position.
 *
 * Reads up to `size` bytes; the value is the number, at least 1; 0 at the end.
 */
weft_coroutine *weft_file_read(weft_file *file, void *buffer, size_t size) WEFT__MUST_USE;

/* The rest of the file as weft_bytes *, which the taker frees; LimitExceeded, with nothing read, if that is
 * more than `limit` bytes. file.read() */
weft_coroutine *weft_file_read_rest(weft_file *file, size_t limit) WEFT__MUST_USE;

/* The next line without its "\n" or "\r\n", a char * that the taker frees with weft_free; NULL at the end.
 * LimitExceeded if it is longer than the limit, and InvalidArgument if there is a zero in it; of such a line
 * all is dropped that was read, and reading can go on. */
weft_coroutine *weft_file_readline(weft_file *file) WEFT__MUST_USE;

/* Async generators of the lines, as weft_file_readline gives them, and of pieces, weft_bytes * of at most 64
 * KiB. Each is the taker's. async for */
weft_coroutine *weft_file_lines(weft_file *file) WEFT__MUST_USE;
weft_coroutine *weft_file_chunks(weft_file *file) WEFT__MUST_USE;

/* The most bytes of a line; 64 KiB at first. */
void weft_file_set_limit(weft_file *file, size_t bytes);

/* Writes all of it. Each call is a trip to a thread: collect what is small. After an error or a cancellation
 * weft_file_tell says how far it came. */
weft_coroutine *weft_file_write(weft_file *file, const void *data, size_t size) WEFT__MUST_USE;

/* The same for text formatted as by printf, at the call. */
weft_coroutine *weft_file_printf(weft_file *file, const char *format, ...) WEFT__PRINTF(2, 3) WEFT__MUST_USE;

/*
 * Reading and writing elsewhere, without the position, by any number of tasks at once. Reading gives the
 * number of bytes, less than `size` only at the end; writing writes all. os.pread, os.pwrite
 */
weft_coroutine *weft_file_read_at(weft_file *file, void *buffer, size_t size, uint64_t offset) WEFT__MUST_USE;
weft_coroutine *weft_file_write_at(weft_file *file, const void *data, size_t size,
                                   uint64_t offset) WEFT__MUST_USE;

/* Moves the position to `offset` bytes from the beginning (SEEK_SET), from where it is (SEEK_CUR), from the
 * end (SEEK_END); the value is the new one. ESPIPE where there are no positions. file.seek */
weft_coroutine *weft_file_seek(weft_file *file, int64_t offset, int whence) WEFT__MUST_USE;

/* The position: where the next read or write will be; -1 where there are none. file.tell() */
int64_t weft_file_tell(const weft_file *file);

/* Cuts the file off, or extends it by zeros. The position stays. file.truncate */
weft_coroutine *weft_file_truncate(weft_file *file, uint64_t size) WEFT__MUST_USE;

/* Waits until everything written is on the disk. os.fsync */
weft_coroutine *weft_file_sync(weft_file *file) WEFT__MUST_USE;

/* --- Whole files --- */

/* All that is in a file, as weft_bytes * that the taker frees; LimitExceeded if that is more than `limit`
 * bytes, so that even an endless one comes to its end. Path.read_bytes */
weft_coroutine *weft_file_read_all(const char *path, size_t limit) WEFT__MUST_USE;

/*
 * Makes this the whole content of a file. Others see the old file or the new one, whole, whatever happens: it
 * is written to a temporary file beside, put on the disk and renamed. The permissions of one that was there
 * stay; a symbolic link stays, and what it points to is replaced. What is no regular file, a device or a
 * named pipe, is written to in place.
 */
weft_coroutine *weft_file_write_all(const char *path, const void *data, size_t size) WEFT__MUST_USE;

/* --- What is known of a file --- */

/* What something in a directory is. */
typedef enum weft_file_kind {
    WEFT_FILE_UNKNOWN,
    WEFT_FILE_REGULAR,
    WEFT_FILE_DIRECTORY,
    WEFT_FILE_LINK, /* a symbolic one */
    WEFT_FILE_PIPE, /* a named pipe */
    WEFT_FILE_SOCKET,
    WEFT_FILE_CHARACTERS, /* a device: a terminal, /dev/null */
    WEFT_FILE_BLOCKS      /* a device: a disk */
} weft_file_kind;

/* What the system knows of a file. os.stat_result */
typedef struct weft_file_status {
    uint64_t size; /* bytes */
    weft_file_kind kind;
    uint32_t permissions;  /* the twelve bits of chmod */
    uint32_t user, group;  /* whose it is */
    uint64_t links;        /* names that it has */
    uint64_t device, file; /* together the same for two names of one file */
    uint64_t used;         /* bytes on the disk */
    /* Seconds since 1970. */
    double accessed;
    double modified;
    double changed; /* what is known of it, too */
    double born;    /* 0 where nobody knows */
} weft_file_status;

/* Asks for it, and writes it to *status at the end. The second tells of a symbolic link itself, the third of
 * an open file. os.stat, os.lstat, os.fstat */
weft_coroutine *weft_file_stat(const char *path, weft_file_status *status) WEFT__MUST_USE;
weft_coroutine *weft_file_lstat(const char *path, weft_file_status *status) WEFT__MUST_USE;
weft_coroutine *weft_file_fstat(weft_file *file, weft_file_status *status) WEFT__MUST_USE;

/* Raises what stands in the way of access: R_OK, W_OK, X_OK of <unistd.h>, or F_OK, existence. os.access */
weft_coroutine *weft_file_access(const char *path, int mode) WEFT__MUST_USE;

/* Whether the path leads anywhere, as a bool; raises what keeps it from being known. os.path.exists */
weft_coroutine *weft_file_exists(const char *path) WEFT__MUST_USE;

/* The path from the root without links and dots, a char * that the taker frees with weft_free.
 * os.path.realpath */
weft_coroutine *weft_file_real_path(const char *path) WEFT__MUST_USE;

/* --- Names --- */

/* Takes the name away; not of a directory. os.unlink */
weft_coroutine *weft_file_remove(const char *path) WEFT__MUST_USE;

/* Gives a file or directory another name, in place of what has it. os.rename */
weft_coroutine *weft_file_rename(const char *from, const char *to) WEFT__MUST_USE;

/* Gives a file a second name. os.link */
weft_coroutine *weft_file_link(const char *path, const char *name) WEFT__MUST_USE;

/* Makes a symbolic link that points to `target`, any text; what one points to, a char * that the taker frees
 * with weft_free. os.symlink, os.readlink */
weft_coroutine *weft_file_symlink(const char *target, const char *path) WEFT__MUST_USE;
weft_coroutine *weft_file_readlink(const char *path) WEFT__MUST_USE;

/* Copies a file with its permissions, in place of one that is there unless `exclusive`. A copy that is
 * cancelled goes on in its thread. InvalidArgument for a named pipe. shutil.copy */
weft_coroutine *weft_file_copy(const char *from, const char *to, bool exclusive) WEFT__MUST_USE;

/* os.chmod */
weft_coroutine *weft_file_set_permissions(const char *path, int permissions) WEFT__MUST_USE;

/* Seconds since 1970. os.utime */
weft_coroutine *weft_file_set_times(const char *path, double accessed, double modified) WEFT__MUST_USE;

/* --- Directories --- */

/* What stands in a directory. */
typedef struct weft_directory_entry {
    const char *name; /* without the directory's */
    weft_file_kind kind;
} weft_directory_entry;

/*
 * An async generator of what is in a directory, but "." and "..", in no order: of weft_directory_entry *,
 * each of which is valid until the next. At most 128 are in memory at a time. Whether it tells of what comes
 * and goes meanwhile is not known. os.scandir
 */
weft_coroutine *weft_directory_scan(const char *path) WEFT__MUST_USE;

/* Makes a directory with the permissions 0777 less the umask. The second makes those above it, too, and is
 * content if it is there. os.mkdir, os.makedirs */
weft_coroutine *weft_directory_create(const char *path) WEFT__MUST_USE;
weft_coroutine *weft_directory_create_all(const char *path) WEFT__MUST_USE;

/* Makes one of a name that nobody else has, as weft_file_open_temporary does, for its owner alone. The value
 * is its path, a char * that the taker frees with weft_free. tempfile.mkdtemp */
weft_coroutine *weft_directory_create_temporary(const char *prefix) WEFT__MUST_USE;

/* Removes an empty one. os.rmdir */
weft_coroutine *weft_directory_remove(const char *path) WEFT__MUST_USE;

/*
 * Removes a directory with all that is in it, or a file. Symbolic links are removed and never followed, even
 * if somebody puts one in a directory's place meanwhile. It stops at the first error, and soon after a
 * cancellation. shutil.rmtree
 */
weft_coroutine *weft_directory_remove_all(const char *path) WEFT__MUST_USE;

/* --- Changes --- */

/* What has happened, in bits. */
typedef enum weft_watch_change {
    WEFT_WATCH_RENAMED = 1,  /* it came, it went, or it has another name: look whether it is there */
    WEFT_WATCH_CHANGED = 2,  /* its content, or what is known of it */
    WEFT_WATCH_OVERFLOW = 4, /* more has happened than there was room for: look at everything again */
    WEFT_WATCH_GONE = 8      /* what is watched went, or has another name: the last event */
} weft_watch_change;

/* One event, freed with weft_free: what has happened to one name since the last event for it. */
typedef struct weft_watch_event {
    uint32_t changes; /* a sum of weft_watch_change */
    char name[1];     /* of the file, without the directory; "" where it is about no single one */
} weft_watch_event;

/* Zero is as usual. */
typedef struct weft_watch_options {
    double debounce; /* seconds: events wait until nothing has happened for so long, ten times that at most */
    size_t max_names; /* to keep events of until they are asked for; 0: 1024 */
} weft_watch_options;

/*
 * Watches a file, or a directory and what stands right in it; the value is a weft_watch * that the taker
 * closes. Changes from here on are kept until somebody asks. NULL for the options: all as usual.
 *
 *     weft_await_to(self->watch, weft_watch_open("notes", &(weft_watch_options){.debounce = 0.1}));
 *     weft_for_await(self->event, weft_watch_events(self->watch)) {
 *         printf("%s\n", self->event->name);
 *         weft_free(self->event);
 *     }
 *
 * What happens to one name before it is asked for is one event; a rename within the directory is two, of the
 * old name and of the new. On Linux this is inotify, by libuv: directories further below are not watched, so
 * watch each (a directory that comes is an event); nor is what other machines do on a shared file system.
 * Libuv does not tell if the system's own queue of 16,384 events runs over; a loop that turns empties it. Of
 * a file that is replaced by renaming, as editors and weft_file_write_all do, the watch ends with
 * WEFT_WATCH_GONE: watch its directory. asyncio has no twin; watchfiles.awatch
 */
weft_coroutine *weft_watch_open(const char *path, const weft_watch_options *options) WEFT__MUST_USE;

/* The next event, a weft_watch_event * that the taker frees with weft_free; NULL after WEFT_WATCH_GONE. One
 * task at a time: a second one gets RuntimeError. A cancellation loses none. */
weft_coroutine *weft_watch_next(weft_watch *watch) WEFT__MUST_USE;

/* An async generator of the events. Each is the taker's. */
weft_coroutine *weft_watch_events(weft_watch *watch) WEFT__MUST_USE;

/* Ends it; a task that waits in it gets InvalidState. NULL is allowed. */
void weft_watch_close(weft_watch *watch);

WEFT_END_DECLARATIONS

#endif
