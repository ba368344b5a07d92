"""What findings say, in Chinese and in English. A table, not logic."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeAlias

from agent.errors import Lang

# A text that is the same in any language, or (Chinese, English).
Words: TypeAlias = "str | tuple[str, str]"


def language(environ: Mapping[str, str] = os.environ) -> Lang:
    """Give the language of messages: $PAIKOU_LANG when it is `en`, else Chinese."""
    return "en" if environ.get("PAIKOU_LANG", "").lower().startswith("en") else "zh"


def worded(words: Words, lang: Lang) -> str:
    """Give words in a language."""
    if isinstance(words, str):
        return words
    return words[0] if lang == "zh" else words[1]


MESSAGES: dict[str, tuple[str, str]] = {
    # the file itself
    "no_file": ("没有这个文件；可用 paikou new 生成", "no such file; `paikou new` writes one"),
    "unreadable": ("读不了文件", "the file cannot be read"),
    "too_large": ("文件过大", "the file is too large"),
    "not_utf8": ("不是 UTF-8 文本，请另存为 UTF-8", "not UTF-8 text, save it as UTF-8"),
    "not_text": ("含有不允许的控制字符", "a control character that YAML does not allow"),
    "tab": ("缩进用了制表符（Tab），请改用空格", "a tab in the indentation, use spaces"),
    "syntax": ("YAML 语法错误", "not valid YAML"),
    "documents": ("一个文件只能有一个 YAML 文档", "one YAML document per file"),
    "too_deep": ("嵌套过深", "nested too deeply"),
    "tag": ("不支持 YAML 标签", "YAML tags are not supported"),
    "alias": ("YAML 别名没有定义或引用了自身", "a YAML alias that is not defined or holds itself"),
    "key_form": ("键必须是文字", "a key must be text"),
    "merge": ("不支持合并键 <<，请写全", "the merge key << is not supported, write it out"),
    "empty": ("文件是空的；可用 paikou new 生成", "the file is empty; `paikou new` writes one"),
    "key_twice": ("同一个键写了两次", "the same key twice"),
    # shape
    "missing": ("缺少此项", "missing"),
    "unknown_key": ("没有这个键", "unknown key"),
    "type": ("类型不对", "wrong type"),
    "bounds": ("超出允许范围", "out of range"),
    "choice": ("不在允许的取值内", "not one of the allowed values"),
    "form": ("格式不对", "wrong form"),
    "count": ("个数不对", "wrong number of entries"),
    "iso_date": ("日期格式不对", "not a date"),
    "not_finite": ("必须是有限的数", "must be a finite number"),
    "secret_form": (
        "密码不写在文件里，只写它在哪里",
        "a secret is never in this file, only where it is",
    ),
    "secret_in_url": ("地址里不得含用户名和密码", "no user name or password in an address"),
    # names
    "id_twice": ("编号重复", "duplicate id"),
    "mn_twice": ("同一平台内 MN 重复", "MN used twice in one destination"),
    "unknown_device": ("没有这台仪器", "no such device"),
    "unknown_bus": ("没有这条总线", "no such bus"),
    "unknown_input": ("没有这个开关量", "no such input"),
    "unknown_parameter": (
        "仪器配置里读不到这个参数",
        "a parameter that the profile does not read",
    ),
    "unknown_outlet": ("没有这个排放口", "no such outlet"),
    "unknown_facility": ("没有这个设施", "no such facility"),
    "unknown_profile": ("没有这个仪器配置", "no such profile"),
    "unknown_point": ("仪器配置里没有这个测点", "the profile has no such point"),
    "unknown_factor": ("没有这个因子编码", "no such factor code"),
    "unspoken_factor": (
        "平台所用版本没有这个因子",
        "what a platform speaks has no such factor",
    ),
    "unknown_edition": ("没有这个标准版本", "no such edition"),
    "unknown_destination": ("没有这个平台", "no such destination"),
    "factor_not_here": ("该排放口没有这个因子", "the outlet has no such factor"),
    "own_line": (
        "这台仪器自行上传或不分地址，应独占一条线路",
        "it speaks unasked, or answers whoever is asked: it wants a line of its own",
    ),
    "not_modbus": (
        "这台仪器不用 Modbus，不能接在 Modbus TCP 上",
        "this instrument does not talk Modbus and cannot be at a Modbus TCP endpoint",
    ),
    "fast_poll": (
        "这台仪器不允许问得这么勤",
        "the maker does not allow this instrument to be asked so often",
    ),
    "no_profiles": (
        "没有这个目录，只用自带的仪器配置",
        "no such folder, only the packaged profiles are used",
    ),
    "bad_profile": ("仪器配置文件有错", "the profile is wrong"),
    "wrong_kind": ("配置类型不符", "a profile of the wrong kind"),
    # lines
    "address_twice": ("总线上地址重复", "address used twice on a bus"),
    "port_twice": ("两条总线用同一个串口", "two buses on one serial port"),
    "endpoint_twice": ("两条总线连同一个地址", "two buses to one endpoint"),
    "no_port": ("串口现在不存在", "the serial port is not there now"),
    "port_by_number": (
        "ttyUSB 编号会变，请用 /dev/serial/by-path/…",
        "ttyUSB numbers change, use /dev/serial/by-path/…",
    ),
    "line_differs": (
        "串口参数与仪器出厂设置不同，请核对",
        "the line settings differ from those the instruments are made with",
    ),
    "slow_poll": (
        "连续测量的因子至少每分钟要问一次，否则没有有效的分钟数据",
        "a continuous factor must be asked every minute, or it has no valid minutes",
    ),
    "budget": ("总线占用超过七成，轮询会来不及", "the bus is busy for more than 70 %"),
    "unused_device": ("没有任何因子使用这台仪器", "no factor uses this device"),
    # values
    "limits_reversed": ("下限高于上限", "limits reversed"),
    "range_reversed": ("量程上下限颠倒", "range reversed"),
    "no_limit": ("上限、下限都没有写", "a limit without high and low"),
    "limit_outside": ("限值在量程之外，永远不会判为超标", "the limit lies outside the range"),
    "converted_twice": (
        "折算重复：仪器已经做过的折算，本机不得再做",
        "conversion applied twice: the instrument already did it",
    ),
    "conversion_medium": ("只有废气因子可以折算", "only gas factors are converted"),
    "conversion_factor": (
        "这个因子不能这样折算",
        "a conversion that this factor cannot have",
    ),
    "conversion_input": (
        "折算要用的因子不在本排放口",
        "a conversion of a factor that the outlet does not have",
    ),
    "conversion_number": ("折算缺参数", "a conversion without a number it needs"),
    "conversion_circle": (
        "湿度与氧含量互相推算",
        "moisture and oxygen each calculated of the other",
    ),
    "counter_missing": (
        "按仪表累计却没有写 counter",
        "volume by counter without a counter",
    ),
    "counter_range": (
        "累计流量要有量程，才分得清跳变与流量",
        "a counter needs the range of the flow, to tell a leap from flow",
    ),
    "reference_twice": (
        "基准氧含量与过量空气系数只写一个",
        "reference_oxygen and excess_air, one of which is enough",
    ),
    "oxygen_wet": (
        "按基准氧折算要用标干浓度，请核对",
        "converted to reference oxygen without being standard and dry",
    ),
    "no_way": ("没有从仪器单位到上传单位的换算", "no way from the device's unit to the wire unit"),
    "needs_conversion": (
        "体积比与质量浓度之间要折算：测点是体积比时写 conversions: [mass]，否则不写",
        "between a share of the volume and mass: `conversions: [mass]` where the point is a share,"
        " and only there",
    ),
    "wrong_medium": ("因子与排放口介质不符", "a factor of another medium"),
    "not_batch": (
        "仪器配置说它是连续测量，写了采样周期即按批次处理",
        "continuous by its profile; with sampling it is taken as a batch",
    ),
    "no_output": (
        "这台仪器的配置里没有开关量输出",
        "the profile of this instrument has no output to switch",
    ),
    "no_sampler": ("要求留样，但排放口没有采样器", "retention without a sampler at the outlet"),
    "input_outlet": (
        "有几个排放口时，要写明这个开关量属于哪一个",
        "with several outlets the file must say which of them this contact is of",
    ),
    "input_stop": ("只有电池电量低可以让守护进程退出", "only a low battery can stop the daemon"),
    "input_facility": (
        "这种输入说明不了治理设施的状态",
        "such a contact tells nothing of equipment",
    ),
    "range_far": (
        "给出量程的测点必须与模拟量在同一条总线上",
        "the point that tells the range must be on the bus of the analogue input",
    ),
    "factor_elsewhere": ("采样器所在排放口没有这个因子", "no such factor at the sampler's outlet"),
    "portions": ("等比例采样要写每份的水量", "flow-proportional portions want a volume each"),
    "no_flow": ("排放口没有流量，不能等比例采样", "no flow at the outlet to be proportional to"),
    "cannot_lead": (
        "本机不能主导这台采样器：没有按桶的采样、供样、排空",
        "the agent cannot lead this sampler: no filling, supplying, draining by vessel",
    ),
    "cannot_start": (
        "本机不能启动这台分析仪，留样流程里没有它",
        "the agent cannot start this analyzer, the sequence goes without it",
    ),
    "sampler_twice": (
        "一个排放口有两台采样器，只用第一台",
        "two samplers at one outlet, only the first is used",
    ),
    "no_bottle": (
        "这台采样器只读不控：它证明不了留了样，不会让它留样",
        "read only: this sampler cannot prove a bottle, it is never told to keep one",
    ),
    "unusual_id": ("编号不是许可证的写法", "not an id as permits write them"),
    # destinations
    "interval_short": ("实时间隔短于标准的 30 秒", "real-time interval below the standard's 30 s"),
    "address_form": ("地址格式不对", "not an address"),
    "address_scheme": ("地址与传输方式不符", "the address does not fit the transport"),
    "plain_mqtt": (
        "MQTT 没有加密，密码和数据明文过网",
        "MQTT without TLS: password and data in clear text",
    ),
    "plain_tcp": (
        "TCP 没有加密也没有加密报文，密码和数据明文过网",
        "TCP without TLS or sealing: password and data in clear text",
    ),
    "transport_only": ("只用于另一种传输方式", "only for the other transport"),
    "dialect_base": ("与地方扩展所依据的标准版本不符", "not the edition that the dialect is of"),
    "unknown_dialect": ("没有这个地方扩展", "no such dialect"),
    "bad_dialect": ("地方扩展文件有错", "the dialect file is wrong"),
    "seal_edition": (
        "只有 HJ 212-2025 有加密，密钥不起作用",
        "only HJ 212-2025 has sealing: the key does nothing",
    ),
    "no_key": (
        "没有密钥，报文不加密；公网传输应加密",
        "no key: frames are not sealed, which the standard asks for over the internet",
    ),
    "sm4_key": ("密钥应为 16 个字符或 32 位十六进制", "a key has 16 characters or 32 hex digits"),
    "door_open": (
        "谁都能连入：要写 tcp.allow，或只在本机监听",
        "anybody could call in: give tcp.allow, or listen on loopback",
    ),
    "door_network": ("不是地址或网段", "neither an address nor a network"),
    "door_cert": (
        "listens:// 要有本机证书和私钥",
        "listens:// takes a certificate and key of our own",
    ),
    "door_alone": (
        "listen:// 只能单独一个地址、一个站点",
        "listen:// goes alone: one address, one station",
    ),
    "door_twice": ("两个站点监听同一个地址", "two stations listen at one address"),
    "no_interface": ("本机现在没有这块网卡", "there is no such network device now"),
    "default_pw": ("用的是标准里印的示例密码", "the standard's printed example password"),
    "mn_long": (
        "MN 比报文头的字段长，一条报文也写不出来",
        "longer than the header's field: no frame could be made",
    ),
    "mn_form": ("平台可能拒绝这个 MN", "the platform may refuse this MN"),
    "mn_empty": ("MN 为空，分配之前不能上传", "empty MN: nothing is sent before it is assigned"),
    "factor_shared": (
        "同一站点内同类排放口有相同因子，平台分不清",
        "two outlets of one ST in one station share a factor",
    ),
    "outlet_twice": ("同一平台内排放口属于两个站点", "an outlet in two stations of a destination"),
    "outlet_unsent": ("没有任何平台接收这个排放口", "no destination takes this outlet"),
    "secret_missing": ("现在读不到这个密码文件", "the secret cannot be read now"),
    "file_missing": ("文件不存在", "the file is not there"),
    "no_sentinel": (
        "该版本没有占位值，按 flag_only 处理",
        "this edition has no such number; it is as flag_only",
    ),
    "later": ("本版本读取此项，但还不使用", "read by this version, not yet used"),
}
