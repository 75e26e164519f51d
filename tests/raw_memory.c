/* Makes one of the next allocations of the kernel fail: of those that its `bridge` asks Python's raw memory for, and of no others. (Where
   all may fail, NumPy 2.4 ends the process: its npyiter_allocate_buffers raises MemoryError without the GIL.) */

#define _GNU_SOURCE
#include <Python.h>
#include <dlfcn.h>
#include <execinfo.h>

enum { NEAR = 4 }; /* the hook itself, its caller, Python's function, and who called that */

static PyMemAllocatorEx raw;
static long left = -1; /* how many more are made until one fails; below 0: none does */

static int asked_by_kernel(void) {
    void *frames[NEAR];
    int depth = backtrace(frames, NEAR), i;
    Dl_info place;
    for (i = 0; i < depth; i++)
        if (dladdr(frames[i], &place) && place.dli_fname && strstr(place.dli_fname, "/thermonucleus/kernel/bridge."))
            return 1;
    return 0;
}

static void *raw_malloc(void *context, size_t size) {
    if (left >= 0 && asked_by_kernel() && left-- == 0)
        return NULL;
    return raw.malloc(context, size);
}

/* Let the allocation after the next `count` fail; none, and give the memory back to who had it, if that is below 0. */
void fail_after(long count) {
    static int known = 0;
    PyMemAllocatorEx failing;
    if (!known) {
        PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &raw);
        known = 1;
    }
    failing = raw;
    if (count >= 0)
        failing.malloc = raw_malloc;
    left = count;
    PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &failing);
}

/* Whether the allocation that was to fail has done so. */
int has_failed(void) { return left < 0; }
