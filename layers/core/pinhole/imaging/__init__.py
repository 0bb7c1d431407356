"""What a photo's file says and shows: pure functions over files, no database and no network.

`file_type` tells what a file is, `metadata` what it says, `capture_time` when it was taken, `renditions` how
it looks. Whatever is wrong with a file ends as `FileRejected`; a full disk or memory does not.
"""
