"""The bytes with which files of the kinds begin that are read, and of those that are known and not read."""

ZIP_LOCAL, ZIP_END, ZIP_DESCRIPTOR = b"PK\3\4", b"PK\5\6", b"PK\7\x08"
WARC_VERSION = b"WARC/"
ARC_VERSION = b"filedesc://"
UNREAD_PACKINGS = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00", b"BZh91AY&SY")
