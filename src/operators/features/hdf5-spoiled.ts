let spoiled = false;

/**
 * Records that the HDF5 library of this thread has aborted, or holds much memory, and must not be used for another
 * file.
 */
export const spoil = (): void => void (spoiled = true);

/** Whether this thread must be replaced before the next file. */
export const isSpoiled = (): boolean => spoiled;
