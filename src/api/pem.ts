/** Certificates in a text: PEM blocks, whatever stands between them. Private keys are none. */
export const certificatesIn = (text: string): readonly string[] => text.match(CERTIFICATE) ?? [];

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
