"""The files of the shop: what is kept, who uses it, where it lies.

`models` holds one row for each file on the file server, with the number of those who use
it; `references` is the only writer of these numbers. `naming` tells which rows of the
whole house name a file. Files on the local disk have no row: there nothing is shared.
"""
