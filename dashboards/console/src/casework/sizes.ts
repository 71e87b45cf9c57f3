// How large a file is, in the unit that people know it by. Pure.
const KB = 1024;

/** 812 kB, 3.4 MB; never less than 1 kB. */
export const sizeOf = (bytes: number): string => (bytes < KB * KB ? `${Math.max(1, Math.round(bytes / KB))} kB` : `${(bytes / KB / KB).toFixed(1)} MB`);
