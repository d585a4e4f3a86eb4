/** The certificates in `text`, as PEM blocks. Private keys and other text are left out. */
export const certificatesIn = (text: string): readonly string[] => text.match(CERTIFICATE) ?? [];

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
