"""Which instruction levels this processor and its operating system run. Baseline instructions only; imports nothing."""

cdef extern from *:
    """
    /* The builtin also asks the operating system whether it saves the wide registers (XGETBV). */
    #if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    #define THERMONUCLEUS_CPU_HAS(feature) (__builtin_cpu_supports(feature) != 0)
    #else
    #define THERMONUCLEUS_CPU_HAS(feature) 0
    #endif
    static int thermonucleus_runs_x86_64_v3(void) {
        return THERMONUCLEUS_CPU_HAS("avx2") && THERMONUCLEUS_CPU_HAS("fma") && THERMONUCLEUS_CPU_HAS("bmi")
            && THERMONUCLEUS_CPU_HAS("bmi2");
    }
    static int thermonucleus_runs_x86_64_v4(void) {
        return thermonucleus_runs_x86_64_v3() && THERMONUCLEUS_CPU_HAS("avx512f") && THERMONUCLEUS_CPU_HAS("avx512bw")
            && THERMONUCLEUS_CPU_HAS("avx512dq") && THERMONUCLEUS_CPU_HAS("avx512vl") && THERMONUCLEUS_CPU_HAS("avx512cd");
    }
    """
    bint thermonucleus_runs_x86_64_v3() noexcept
    bint thermonucleus_runs_x86_64_v4() noexcept


def runs(level):
    """Whether code compiled for the level runs here."""
    if level == "x86_64_v4":
        return thermonucleus_runs_x86_64_v4()
    if level == "x86_64_v3":
        return thermonucleus_runs_x86_64_v3()
    return level == "generic"
