"""GPT-2 in int8 on a CPU, compiled at first use.

* ``weights`` rounding, the file, addresses; ``tables`` what the compiled code is given
* ``intrinsics`` dot products and atomics; ``kernels`` rows and matrices; ``attention`` one head
* ``step`` the stages of a step; ``team`` the threads that share them; ``decoder`` all of it
"""
