import sharp from 'sharp';

// libvips remembers the files it opened by their names: a file that was replaced under its name would give the pixels of
// the one before, in a worker that lives on.
sharp.cache(false);

export { sharp };
