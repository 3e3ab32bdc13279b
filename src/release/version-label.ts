/** The pod label that distinguishes versions where no subset says otherwise. */
export const VERSION_LABEL = 'version';
