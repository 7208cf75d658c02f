import { useTranslation } from "react-i18next";
import { Side } from "../../ui/side";
import { KpiDetail } from "./kpi-detail";
import type { Kpi, Today } from "./types";

/** The drawer of a figure. */
export default function KpiSide({
  kpi,
  today,
  onClose,
}: {
  kpi: Kpi | undefined;
  today: Today;
  onClose: () => void;
}) {
  const { t } = useTranslation("today");
  return (
    <Side
      opened={kpi !== undefined}
      onClose={onClose}
      title={kpi ? t(`kpi.${kpi.id}`, { defaultValue: kpi.id }) : ""}
      wide
    >
      {kpi && <KpiDetail kpi={kpi} today={today} />}
    </Side>
  );
}
