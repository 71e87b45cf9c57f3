// A number as a phone dials it when it is touched.
export const dialled = (phone: string): string => `tel:${phone.replace(/[^\d+*#]/g, "")}`;

/** 119, 120, 96333 …; a gas company or a lift firm is a name, whose number the site knows. */
export const isNumber = (service: string): boolean => /^\d{3,}$/.test(service);
