"""How a message becomes a document: email bytes, PDF letter, transfer QR code.

Not a plug-in kind: shared by messaging, without Django and without the database.
"""
