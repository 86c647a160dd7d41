// Sends the process a signal just before its Nth call that changes files. `kills.rs` loads it with LD_PRELOAD.
//
// ATTACK_AT: the number of the call, from 1. ATTACK_SIGNAL: the signal. ATTACK_COUNT: the file to which the number of calls is written at the end.
// With SIGXFSZ, a call that writes also fails, as it does in the kernel when a file reaches its size limit.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int calls;
static int at, number;

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("ATTACK_AT"), *which = getenv("ATTACK_SIGNAL");
    at = where ? atoi(where) : 0;
    number = which ? atoi(which) : 0;
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("ATTACK_COUNT");
    char text[16];
    int length = snprintf(text, sizeof text, "%d", atomic_load(&calls));
    int file = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0644) : -1;
    if (file >= 0) {
        syscall(SYS_write, file, text, length);
    }
}

// Counts a call. Returns whether it must fail.
static int attack(int writes) {
    if (atomic_fetch_add(&calls, 1) + 1 != at) {
        return 0;
    }
    kill(getpid(), number);
    if (number == SIGXFSZ && writes) {
        errno = EFBIG;
        return 1;
    }
    return 0;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CHANGES(result, name, parameters, arguments, writes) \
    result name parameters { return attack(writes) ? -1 : NEXT(name) arguments; }

CHANGES(ssize_t, write, (int file, const void *from, size_t count), (file, from, count), 1)
CHANGES(ssize_t, writev, (int file, const struct iovec *from, int count), (file, from, count), 1)
CHANGES(ssize_t, pwrite64, (int file, const void *from, size_t count, off64_t where), (file, from, count, where), 1)
CHANGES(int, ftruncate64, (int file, off64_t length), (file, length), 1)
CHANGES(int, fsync, (int file), (file), 0)
CHANGES(int, fdatasync, (int file), (file), 0)
CHANGES(int, flock, (int file, int how), (file, how), 0)
CHANGES(int, mkdir, (const char *path, mode_t mode), (path, mode), 0)
CHANGES(int, rmdir, (const char *path), (path), 0)
CHANGES(int, unlink, (const char *path), (path), 0)
CHANGES(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags), 0)
CHANGES(int, rename, (const char *from, const char *to), (from, to), 0)
CHANGES(int, chmod, (const char *path, mode_t mode), (path, mode), 0)

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & O_CREAT) ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (flags & O_CREAT) {
        attack(0);
    }
    return NEXT(open64)(path, flags, mode);
}
