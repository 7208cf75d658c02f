import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

/** Typing rests so long before it is searched, milliseconds. */
const REST_MS = 200;

/** A field that searches while one types; the address keeps what was searched. */
export function SearchField({
  label,
  placeholder,
  value,
  onSearch,
}: {
  label: string;
  placeholder: string;
  value: string;
  onSearch: (text: string) => void;
}) {
  const { t } = useTranslation("customers");
  const [text, setText] = useState(value);
  const search = useDebouncedCallback((next: string) => onSearch(next.trim()), REST_MS);
  // A step back in the browser's history changes the address under the field.
  useEffect(() => setText((now) => (now.trim() === value ? now : value)), [value]);
  const change = (next: string) => {
    setText(next);
    search(next);
  };
  return (
    <TextInput
      type="search"
      label={label}
      placeholder={placeholder}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        text ? (
          <CloseButton size="sm" aria-label={t("search.clear")} onClick={() => change("")} />
        ) : null
      }
      style={{ flex: "1 1 280px", maxWidth: 480 }}
      autoComplete="off"
      spellCheck={false}
    />
  );
}
