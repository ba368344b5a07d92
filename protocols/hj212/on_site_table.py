"""The on-site information codes (`i…`) of commands 3020 and 3021.

Columns: code, name, kind (log, state or parameter), unit, type, values of a state. A type that is
empty is the maker's. An `x` stands for the digit of a device. The first digit tells whose it is
(1 instrument, 2 logger, 3 auxiliary), the second the kind. The humidity of the station (i33102)
is printed in degrees in the standard; per cent is meant. i33400 is printed with a capital I.

Source: HJ 212-2017 annex B, table B.10; HJ 212-2025 annex B, table B.10 as far as quoted
"""

from __future__ import annotations

ON_SITE_2017 = (
    ("i11001", "运行日志", "log", "", "C890", ""),
    (
        "i12001",
        "工作状态",
        "state",
        "",
        "N2",
        "0 运行 1 维护 2 故障 3 校准 5 反吹 6 电源故障 7 测量 8 标定 9 待机 10 运维",
    ),
    ("i12002", "分析仪与数采仪通讯状态", "state", "", "N1", "0 正常 1 异常"),
    ("i12003", "COD 分析仪报警状态", "state", "", "N1", "0 正常 1 报警"),
    ("i13001", "测量量程", "parameter", "", "", ""),
    ("i13002", "测量精度", "parameter", "", "", ""),
    ("i13003", "测量间隔", "parameter", "min", "N4", ""),
    ("i13004", "消解温度", "parameter", "degC", "N3.1", ""),
    ("i13005", "消解时长", "parameter", "min", "N2", ""),
    ("i13006", "校准时间", "parameter", "", "N14", ""),
    ("i13007", "截距", "parameter", "", "", ""),
    ("i13008", "斜率", "parameter", "", "", ""),
    ("i13009", "测量检出限", "parameter", "", "", ""),
    ("i21001", "运行日志", "log", "", "C890", ""),
    ("i22001", "工作状态", "state", "", "N1", "0 运行 1 停止 2 故障 3 维护"),
    ("i22002", "用户状态", "state", "", "N1", "0 普通用户 1 管理员 2 维护人员"),
    ("i22003", "数采仪与上位机通讯状态", "state", "", "N1", "0 正常 1 异常"),
    ("i22101", "数采仪通道通讯状态", "state", "", "N1", "0 正常 1 异常 2 通道无设备"),
    ("i23001", "本地大气压力", "parameter", "kPa", "N3.3", ""),
    ("i31001", "门禁日志", "log", "", "C890", ""),
    ("i32001", "门禁状态", "state", "", "N1", "0 运行 1 停止 2 故障 3 维护"),
    ("i33001", "CEMS 伴热管温度", "parameter", "degC", "N4", ""),
    ("i33002", "CEMS 冷凝温度", "parameter", "degC", "N1.1", ""),
    ("i33101", "监测站房温度", "parameter", "degC", "N4", ""),
    ("i33102", "监测站房湿度", "parameter", "%", "N4", ""),
    ("i33103", "监测站房电压", "parameter", "V", "N4", ""),
    ("i33104", "监测站房原水压力", "parameter", "kPa", "N6", ""),
    ("i33105", "监测站房进样压力 1", "parameter", "kPa", "N6", ""),
    ("i33106", "监测站房进样压力 2", "parameter", "kPa", "N6", ""),
    ("i33107", "沉砂池清洗时间", "parameter", "s", "N4", ""),
    ("i33200", "污水处理站（厂）电流量", "parameter", "A", "N4.2", ""),
    ("i33201", "污水处理站（厂）累计耗电量", "parameter", "kWh", "N13", ""),
    ("i33202", "污水处理站（厂）日耗电量", "parameter", "kWh", "N7", ""),
    ("i3331x", "炉膛内上部焚烧温度", "parameter", "degC", "N4.1", ""),
    ("i3332x", "炉膛内中部焚烧温度", "parameter", "degC", "N4.1", ""),
    ("i3333x", "炉膛内下部焚烧温度", "parameter", "degC", "N4.1", ""),
    ("i3334x", "炉膛内二次空气喷入点温度", "parameter", "degC", "N4.1", ""),
    ("i33400", "生产负荷", "parameter", "%", "N3.1", ""),
)

# Quoted of 2025, where the rest of the table was not to be had: the codes of 2017 stand in for it.
ON_SITE_2025 = (
    ("i13108", "基准氧含量", "parameter", "%", "", ""),
    ("i23003", "经工控机接入数采仪", "parameter", "", "", ""),
    ("i23004", "数采仪不计算", "parameter", "", "", ""),
    ("i23005", "数采仪编号", "parameter", "", "C24", ""),
    ("i23006", "CPU 编号", "parameter", "", "", ""),
    ("i23007", "MAC 地址 1", "parameter", "", "", ""),
    ("i23008", "MAC 地址 2", "parameter", "", "", ""),
)
