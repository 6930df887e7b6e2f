/* Makes the n-th operation on files below a folder go wrong. Loaded before libc (LD_PRELOAD); see fault_rounds.py.
 *
 * What counts as an operation: creating, writing, syncing, renaming, cutting and removing a file, making a folder.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ONCE, FROM_THEN_ON, KILL };

static char folder[PATH_MAX];
static int countdown = 0, mode = ONCE, error = EIO, fired = 0;

void fail_nth(const char *below, int n, int how, int with) {
    snprintf(folder, sizeof folder, "%s", below);
    countdown = n, mode = how, error = with, fired = 0;
}

int fail_nth_fired(void) { return fired; }

static int is_due(const char *path) {
    if (countdown <= 0 && !(fired && mode == FROM_THEN_ON)) return 0;
    if (strncmp(path, folder, strlen(folder)) != 0) return 0;
    if (countdown > 0 && --countdown > 0) return 0;
    fired = 1;
    return 1;
}

static int fd_is_due(int fd) {
    char link[64], path[PATH_MAX];
    if (countdown <= 0 && !(fired && mode == FROM_THEN_ON)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_due(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL do { if (mode == KILL) raise(SIGKILL); errno = error; return -1; } while (0)

/* A write that goes wrong has written half. */
ssize_t write(int fd, const void *data, size_t size) {
    if (fd_is_due(fd)) { REAL(write)(fd, data, size / 2); FAIL; }
    return REAL(write)(fd, data, size);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    if (fd_is_due(fd)) { REAL(pwrite64)(fd, data, size / 2, at); FAIL; }
    return REAL(pwrite64)(fd, data, size, at);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }
int fsync(int fd) { if (fd_is_due(fd)) FAIL; return REAL(fsync)(fd); }
int fdatasync(int fd) { if (fd_is_due(fd)) FAIL; return REAL(fdatasync)(fd); }
int ftruncate64(int fd, off64_t size) { if (fd_is_due(fd)) FAIL; return REAL(ftruncate64)(fd, size); }
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int rename(const char *from, const char *to) { if (is_due(to)) FAIL; return REAL(rename)(from, to); }
int unlink(const char *path) { if (is_due(path)) FAIL; return REAL(unlink)(path); }
int mkdir(const char *path, mode_t rights) { if (is_due(path)) FAIL; return REAL(mkdir)(path, rights); }
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t rights = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (flags & O_CREAT && is_due(path)) FAIL;
    return REAL(open64)(path, flags, rights);
}
