/** Something that did not come along, or came along otherwise, and why. `where` is an operation or a part of the document. */
export type Note = { where: string; reason: string }
