// A body for the declaration of nanotime.
