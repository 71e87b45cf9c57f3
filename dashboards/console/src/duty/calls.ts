// A number as a phone dials it when it is touched.
export const dialled = (phone: string): string => `tel:${phone.replace(/[^\d+*#]/g, "")}`;
