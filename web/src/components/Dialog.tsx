/**
 * What every dialog is made of: a title, a body, and buttons.
 *
 * Title and buttons are always in sight; where the window is lower than all of it, the body scrolls between them.
 */

import { Group, Modal, type ModalProps } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import classes from "./Dialog.module.css";

export function Dialog({ opened = true, ...more }: Omit<ModalProps, "opened"> & { opened?: boolean }) {
  return (
    <Modal
      opened={opened}
      classNames={{ content: classes.content ?? "", body: classes.body ?? "" }}
      {...more}
    />
  );
}

/** All that is in a dialog. With `onSubmit` it is a form. */
export function DialogBody({
  buttons,
  onSubmit,
  children,
}: {
  buttons?: ReactNode;
  onSubmit?: (event: FormEvent<HTMLFormElement>) => void;
  children: ReactNode;
}) {
  const parts = (
    <>
      <div className={classes.scroll}>{children}</div>
      {buttons && (
        <Group className={classes.buttons} justify="flex-end" gap="sm">
          {buttons}
        </Group>
      )}
    </>
  );
  return onSubmit ? (
    <form className={classes.parts} onSubmit={onSubmit}>
      {parts}
    </form>
  ) : (
    <div className={classes.parts}>{parts}</div>
  );
}
