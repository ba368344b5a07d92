"""What a line of the journal is about, in the report's words. A table."""

from __future__ import annotations

from collections.abc import Mapping

from agent.tools.words import event_kind

_LINES: Mapping[str, str] = {
    "start": "程序启动",
    "stop": "程序停止",
    "stopping: battery low": "电量低，程序停止",
    "reload": "重新读取站点文件",
    "clock step": "时钟跳变",
    "clip ordered": "下令录像",
    "clip done": "录像完成",
    "clip failed": "录像失败",
    "clips dropped": "清理旧录像",
    "retention ordered": "下令留样",
    "retention done": "留样完成",
    "retention failed": "留样失败",
    "retention unknown": "留样结果不明",
    "evidence asked for": "要求证据包",
    "evidence made": "生成证据包",
    "evidence sent": "证据包已上传",
    "media uploaded": "录像和画面已上传",
    "media not uploaded": "录像和画面未能上传",
    "released": "解除冻结",
    "manual value": "录入手工数据",
    "check": "录入核查",
    "check of an instrument": "仪器自检",
    "export": "导出数据",
    "resend": "要求补传",
    "task failed": "部件出错重启",
    "gave way": "磁盘满，清理",
    "session taken over": "连接被他人占用",
    "setting of the file again": "恢复站点文件的设置",
    "credentials of the file again": "恢复站点文件的凭据",
    "frozen": "冻结时段",
    "hold": "督办冻结时段",
    "hold not released": "要求解除冻结，被拒绝",
    "bottle not ordered": "要求留样，被拒绝",
    "bottle not released": "要求放行留样，被拒绝",
    "alarms acknowledged": "确认报警",
    "alarms silenced": "报警静音",
    "silences ended": "取消报警静音",
    "alarm act refused": "要求确认或静音报警，被拒绝",
    "order received": "收到平台命令",
    "order done": "平台命令完成",
    "order refused": "平台命令被拒绝",
    "supervision answered": "答复督办",
    "supervision not answered": "要求答复督办，被拒绝",
    "supervision judged": "平台核实督办",
    "supervision answer received": "平台已签收督办答复",
    "supervision answer refused": "平台未收下督办答复",
    "mark proposed": "提出标记",
    "mark confirmed": "确认标记",
    "mark refused": "否决标记",
    "mark entered": "标记已在平台填报",
    "mark contradicted": "标记与证据矛盾",
    "mass substituted": "替代失效数据的排放量",
    "fault opened": "登记故障",
    "fault on_site": "故障：人员到场",
    "fault repaired": "故障：已修复",
    "fault spare": "故障：启用备机",
    "fault closed": "故障：已关闭",
    "filed parameters": "登记备案参数",
    "deduction": "记扣分",
    "deduction again": "恢复扣分",
    "deduction taken back": "撤回扣分",
    "evidence not made": "证据包未能生成",
    "evidence waits for its budget": "证据包等待下月流量",
    "message log lost records": "报文日志丢失记录",
    "real-time uploads dropped": "过期实时数据不再发送",
    "uploads abandoned": "放弃上报",
    "sequence step ordered": "下令采样步骤",
    "retention refused": "留样被拒绝",
    "retention expired": "留样过期未执行",
}


def line(what: str) -> str:
    """Give what a line of the journal is about."""
    if what.startswith("event "):
        kind = what.removeprefix("event ").removesuffix(" ended")
        return f"事件 {event_kind(kind, 'zh')}{'结束' if what.endswith(' ended') else ''}"
    if what.startswith("command "):
        return f"平台指令 {what.removeprefix('command ')}"
    return _LINES.get(what, what)
