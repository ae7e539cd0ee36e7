"""One question once all is settled: who may be asked, how it is asked, what is answered."""
