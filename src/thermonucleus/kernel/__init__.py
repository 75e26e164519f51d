"""The kernel: a row of logits in, a token or its probabilities out. This is the only folder with Cython.

    quick_call.pyx, followed.pyx                      a sampler's call, straight to the kernel; a row that a state follows
       |
    bridge.pyx  <-  dispatch.py  <-  cpu.pyx          which build of the row kernel runs, and Python's objects on their way to it
       |
    row_kernel.pyx                                    the way of a row: one source, built once for each instruction level
       |
       |    weights/survey  the first read of a long row where a stage weighs: what all of it weighs together, roughly, and what a
       |                    summary has
       |    row/summary     else the first read: the maximum of each group, each chunk and all; can it be sampled from?
       v    stages/apply    the steps of a plan in their order, a file each: temperatures, and truncations that narrow what is kept
            search/         for those that keep what reaches a count or a mass: the quantile of a long or a short row; the tokens
                            nearest to a logit; the first few in order
            draw/           running sums of the kept weights, rough ones where these tell the token; the token for a number; the
                            probabilities
       .
    weights/, row/, check.pxd, float_mode.pxd         what all of these stand on
    array.pxd, numbers.pyx                            NumPy's arrays and random generators, as compiled code has them

    cython_api.pyx                                    the same for other compiled code

Imports run downward only. The .pxd files are the implementation, not declarations: their functions are inline, so that all of the
way is one unit of compilation for each level. See docs/architecture.md.
"""
