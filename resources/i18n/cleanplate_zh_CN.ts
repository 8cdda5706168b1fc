<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About Cleanplate</source>
        <translation>关于 Cleanplate</translation>
    </message>
    <message>
        <source>Version %1</source>
        <translation>版本 %1</translation>
    </message>
    <message>
        <source>Your pictures stay on this machine. Outside the mask not a bit is changed.</source>
        <translation>您的图片只保留在本机。蒙版之外不会改动任何一位数据。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Engines</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Software</source>
        <translation>软件</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;About Cleanplate</source>
        <translation>关于 Cleanplate(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Actual size</source>
        <translation>实际大小(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Add a mask track</source>
        <translation>添加蒙版轨道(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>取消(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Clear</source>
        <translation>清除(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Close picture</source>
        <translation>关闭图片(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Copy result</source>
        <translation>复制结果(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Delete the key here</source>
        <translation>删除此处的关键帧(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Difference</source>
        <translation>差异(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Erase</source>
        <translation>擦除(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Export…</source>
        <translation>导出(&amp;E)…</translation>
    </message>
    <message>
        <source>&amp;Feather…</source>
        <translation>羽化(&amp;F)…</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Fit the window</source>
        <translation>适合窗口(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Forget in and out points</source>
        <translation>清除入点和出点(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Grow…</source>
        <translation>扩大(&amp;G)…</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Invert</source>
        <translation>反转(&amp;I)</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts…</source>
        <translation>键盘快捷键(&amp;K)…</translation>
    </message>
    <message>
        <source>&amp;Log…</source>
        <translation>日志(&amp;L)…</translation>
    </message>
    <message>
        <source>&amp;Loop between in and out</source>
        <translation>在入点与出点之间循环(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Marching ants</source>
        <translation>蚂蚁线(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Mask</source>
        <translation>蒙版(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Models…</source>
        <translation>模型(&amp;M)…</translation>
    </message>
    <message>
        <source>&amp;Mute</source>
        <translation>静音(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Next picture in the folder</source>
        <translation>文件夹中的下一张(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>打开(&amp;O)…</translation>
    </message>
    <message>
        <source>&amp;Play or pause</source>
        <translation>播放或暂停(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Preferences…</source>
        <translation>首选项(&amp;P)…</translation>
    </message>
    <message>
        <source>&amp;Previous picture in the folder</source>
        <translation>文件夹中的上一张(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>重做(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Save project</source>
        <translation>保存项目(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Shrink…</source>
        <translation>收缩(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Track</source>
        <translation>跟踪(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Try several engines</source>
        <translation>试用多个引擎(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Whole clip</source>
        <translation>整段影片(&amp;W)</translation>
    </message>
    <message>
        <source>Add the shado&amp;w</source>
        <translation>添加阴影(&amp;W)</translation>
    </message>
    <message>
        <source>Before and after: &amp;split line</source>
        <translation>前后对比：分割线(&amp;S)</translation>
    </message>
    <message>
        <source>Before and after: side &amp;by side</source>
        <translation>前后对比：并排(&amp;B)</translation>
    </message>
    <message>
        <source>Choose &amp;all text</source>
        <translation>选择所有文字(&amp;A)</translation>
    </message>
    <message>
        <source>Copy &amp;diagnostics</source>
        <translation>复制诊断信息(&amp;D)</translation>
    </message>
    <message>
        <source>Copy as co&amp;mmand</source>
        <translation>复制为命令(&amp;M)</translation>
    </message>
    <message>
        <source>Export &amp;mask…</source>
        <translation>导出蒙版(&amp;M)…</translation>
    </message>
    <message>
        <source>Fi&amp;lm</source>
        <translation>影片(&amp;L)</translation>
    </message>
    <message>
        <source>Fill &amp;holes</source>
        <translation>填充孔洞(&amp;H)</translation>
    </message>
    <message>
        <source>Find &amp;text</source>
        <translation>查找文字(&amp;T)</translation>
    </message>
    <message>
        <source>Find s&amp;ubtitles</source>
        <translation>查找字幕(&amp;U)</translation>
    </message>
    <message>
        <source>From f&amp;ile…</source>
        <translation>来自文件(&amp;I)…</translation>
    </message>
    <message>
        <source>From t&amp;ransparency</source>
        <translation>来自透明度(&amp;R)</translation>
    </message>
    <message>
        <source>Masks from fil&amp;e…</source>
        <translation>从文件导入蒙版(&amp;E)…</translation>
    </message>
    <message>
        <source>One frame &amp;back</source>
        <translation>后退一帧(&amp;B)</translation>
    </message>
    <message>
        <source>One frame &amp;on</source>
        <translation>前进一帧(&amp;O)</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>打开最近的文件(&amp;R)</translation>
    </message>
    <message>
        <source>Open from &amp;clipboard</source>
        <translation>从剪贴板打开(&amp;C)</translation>
    </message>
    <message>
        <source>Open the &amp;sample picture</source>
        <translation>打开示例图片(&amp;S)</translation>
    </message>
    <message>
        <source>Open the sample &amp;film</source>
        <translation>打开示例影片(&amp;F)</translation>
    </message>
    <message>
        <source>Pre&amp;view a range</source>
        <translation>预览一段(&amp;V)</translation>
    </message>
    <message>
        <source>S&amp;mooth…</source>
        <translation>平滑(&amp;M)…</translation>
    </message>
    <message>
        <source>Save project &amp;as…</source>
        <translation>项目另存为(&amp;A)…</translation>
    </message>
    <message>
        <source>Set the &amp;in point</source>
        <translation>设置入点(&amp;I)</translation>
    </message>
    <message>
        <source>Set the &amp;out point</source>
        <translation>设置出点(&amp;O)</translation>
    </message>
    <message>
        <source>To the &amp;end</source>
        <translation>到结尾(&amp;E)</translation>
    </message>
    <message>
        <source>To the &amp;next key</source>
        <translation>到下一关键帧(&amp;N)</translation>
    </message>
    <message>
        <source>To the &amp;start</source>
        <translation>到开头(&amp;S)</translation>
    </message>
    <message>
        <source>To the p&amp;revious key</source>
        <translation>到上一关键帧(&amp;R)</translation>
    </message>
    <message>
        <source>Zoom &amp;in</source>
        <translation>放大(&amp;I)</translation>
    </message>
    <message>
        <source>Zoom &amp;out</source>
        <translation>缩小(&amp;O)</translation>
    </message>
</context>
<context>
    <name>Canvas</name>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>After</source>
        <translation>之后</translation>
    </message>
</context>
<context>
    <name>Commands</name>
    <message>
        <source>Grow mask</source>
        <translation>扩大蒙版</translation>
    </message>
    <message>
        <source>Shrink mask</source>
        <translation>收缩蒙版</translation>
    </message>
    <message>
        <source>Feather mask</source>
        <translation>羽化蒙版</translation>
    </message>
    <message>
        <source>Smooth mask</source>
        <translation>平滑蒙版</translation>
    </message>
    <message>
        <source>Fill holes</source>
        <translation>填充孔洞</translation>
    </message>
    <message>
        <source>All files</source>
        <translation>所有文件</translation>
    </message>
    <message>
        <source>Pictures, films and projects</source>
        <translation>图片、影片和项目</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>There is no picture on the clipboard.</source>
        <translation>剪贴板中没有图片。</translation>
    </message>
    <message>
        <source>Pasting</source>
        <translation>正在粘贴</translation>
    </message>
    <message>
        <source>The file %1 of this project was moved or deleted.</source>
        <translation>此项目的文件 %1 已被移动或删除。</translation>
    </message>
    <message>
        <source>Do you know where it is now?</source>
        <translation>您知道它现在在哪里吗？</translation>
    </message>
    <message>
        <source>Find it…</source>
        <translation>查找…</translation>
    </message>
    <message>
        <source>Keep the changes to %1?</source>
        <translation>保留对 %1 的更改吗？</translation>
    </message>
    <message>
        <source>A project keeps the picture, the mask and every edit.</source>
        <translation>项目会保留图片、蒙版和每次编辑。</translation>
    </message>
    <message>
        <source>A project keeps the film&apos;s place, its mask tracks and their engines.</source>
        <translation>项目会保存影片的位置、蒙版轨道及其引擎。</translation>
    </message>
    <message>
        <source>Project</source>
        <translation>项目</translation>
    </message>
    <message>
        <source>Save project</source>
        <translation>保存项目</translation>
    </message>
    <message>
        <source>Export mask</source>
        <translation>导出蒙版</translation>
    </message>
    <message>
        <source>Mask from file</source>
        <translation>来自文件的蒙版</translation>
    </message>
    <message>
        <source>untitled</source>
        <translation>未命名</translation>
    </message>
    <message>
        <source>The result is on the clipboard.</source>
        <translation>结果已复制到剪贴板。</translation>
    </message>
    <message>
        <source>Copying</source>
        <translation>正在复制</translation>
    </message>
    <message>
        <source>This needs a picture that has a file, and an engine.</source>
        <translation>这需要一张有文件的图片和一个引擎。</translation>
    </message>
    <message>
        <source>The command is on the clipboard.</source>
        <translation>命令已复制到剪贴板。</translation>
    </message>
    <message>
        <source>Pixels</source>
        <translation>像素</translation>
    </message>
    <message>
        <source>Diagnostics are on the clipboard. Nothing was sent.</source>
        <translation>诊断信息已复制到剪贴板。未发送任何内容。</translation>
    </message>
</context>
<context>
    <name>CompareBar</name>
    <message>
        <source>Hold to see the original (\)</source>
        <translation>按住查看原图 (\)</translation>
    </message>
    <message>
        <source>Split line (F9)</source>
        <translation>分割线 (F9)</translation>
    </message>
    <message>
        <source>Side by side (F10)</source>
        <translation>并排 (F10)</translation>
    </message>
    <message>
        <source>Difference (F11)</source>
        <translation>差异 (F11)</translation>
    </message>
</context>
<context>
    <name>Editor</name>
    <message>
        <source>Mask</source>
        <translation>蒙版</translation>
    </message>
    <message>
        <source>Restore paints through what was erased.</source>
        <translation>“恢复”会让被擦除处的原图重新显现。</translation>
    </message>
    <message>
        <source>There is nothing to restore here.</source>
        <translation>这里没有可恢复的内容。</translation>
    </message>
    <message>
        <source>The selection was dropped: the picture changed meanwhile.</source>
        <translation>选择结果已丢弃：图片在此期间有了变化。</translation>
    </message>
    <message>
        <source>The operation was dropped: the picture changed meanwhile.</source>
        <translation>操作已放弃：图片在此期间发生了变化。</translation>
    </message>
    <message>
        <source>Try again.</source>
        <translation>请重试。</translation>
    </message>
</context>
<context>
    <name>EditsPanel</name>
    <message>
        <source>Edits</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>What you erase is listed here. The picture itself is never changed.</source>
        <translation>您擦除的内容会列在这里。图片本身不会被改动。</translation>
    </message>
    <message>
        <source>Show this edit on the canvas</source>
        <translation>在画布上显示此编辑</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文字</translation>
    </message>
    <message>
        <source>Object</source>
        <translation>物体</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>隐藏</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Hide edit</source>
        <translation>隐藏编辑</translation>
    </message>
    <message>
        <source>Make anew</source>
        <translation>重新生成</translation>
    </message>
    <message>
        <source>Delete this edit</source>
        <translation>删除此编辑</translation>
    </message>
    <message>
        <source>Delete edit</source>
        <translation>删除编辑</translation>
    </message>
    <message>
        <source>With another seed</source>
        <translation>使用另一个随机种子</translation>
    </message>
    <message>
        <source>With %1</source>
        <translation>使用 %1</translation>
    </message>
    <message>
        <source>Take its mask up again</source>
        <translation>重新使用其蒙版</translation>
    </message>
    <message>
        <source>Mask of edit</source>
        <translation>编辑的蒙版</translation>
    </message>
    <message>
        <source>Choose variant</source>
        <translation>选择变体</translation>
    </message>
    <message>
        <source>seam</source>
        <translation>接缝</translation>
    </message>
    <message>
        <source>text</source>
        <translation>文字</translation>
    </message>
    <message>
        <source>Visible seam</source>
        <translation>可见接缝</translation>
    </message>
    <message>
        <source>Text left</source>
        <translation>残留文字</translation>
    </message>
</context>
<context>
    <name>EnginePanel</name>
    <message>
        <source>%1 (weights missing)</source>
        <translation>%1（缺少权重）</translation>
    </message>
    <message>
        <source>About %1 on this machine (%2 measured), %3 of memory.</source>
        <translation>在本机约需 %1（实测 %2 次），内存 %3。</translation>
    </message>
    <message>
        <source>Memory may become short.</source>
        <translation>内存可能不足。</translation>
    </message>
    <message>
        <source>It looks at %1 × %2 px.</source>
        <translation>将处理 %1 × %2 像素。</translation>
    </message>
    <message>
        <source>It looks at %3 parts, the largest %1 × %2 px.</source>
        <translation>将处理 %3 个区域，最大 %1 × %2 像素。</translation>
    </message>
    <message>
        <source>Cancel (Esc)</source>
        <translation>取消 (Esc)</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>Remove text</source>
        <translation>去除文字</translation>
    </message>
    <message>
        <source>Letters, captions, signs, watermarks</source>
        <translation>字母、字幕、标牌、水印</translation>
    </message>
    <message>
        <source>Remove object</source>
        <translation>去除物体</translation>
    </message>
    <message>
        <source>Things and people</source>
        <translation>物品和人物</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Find text</source>
        <translation>查找文字</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Get what is missing…</source>
        <translation>获取缺少的内容…</translation>
    </message>
    <message>
        <source>Erase what is marked (Ctrl+Enter)</source>
        <translation>擦除已标记的内容 (Ctrl+Enter)</translation>
    </message>
    <message>
        <source>Try several engines</source>
        <translation>试用多个引擎</translation>
    </message>
    <message>
        <source>Erase with every engine that is ready, and choose the best result</source>
        <translation>用每个就绪的引擎擦除，并选择最好的结果</translation>
    </message>
    <message>
        <source>Copy as command: the same on the command line</source>
        <translation>复制为命令：在命令行中执行相同操作</translation>
    </message>
    <message>
        <source>%1 (weights missing: %2 MB)</source>
        <translation>%1（缺少权重：%2 MB）</translation>
    </message>
    <message>
        <source>none is ready</source>
        <translation>没有就绪的引擎</translation>
    </message>
    <message>
        <source>the best for this mask</source>
        <translation>最适合此蒙版的引擎</translation>
    </message>
    <message>
        <source>Recommended: %1</source>
        <translation>推荐：%1</translation>
    </message>
    <message>
        <source>Not measured on this machine yet; the first run will tell.</source>
        <translation>尚未在本机测量；首次运行后可知。</translation>
    </message>
    <message>
        <source>It may not fit into memory.</source>
        <translation>内存可能不足。</translation>
    </message>
    <message>
        <source>starting the engine process</source>
        <translation>正在启动引擎进程</translation>
    </message>
</context>
<context>
    <name>Erasing</name>
    <message>
        <source>Paint over it, or use Find text.</source>
        <translation>请涂抹它，或使用“查找文字”。</translation>
    </message>
    <message>
        <source>Nothing is marked to be erased yet.</source>
        <translation>尚未标记要擦除的内容。</translation>
    </message>
    <message>
        <source>No engine is ready on this machine.</source>
        <translation>本机没有就绪的引擎。</translation>
    </message>
    <message>
        <source>%1 needs weights that are not on this machine yet.</source>
        <translation>%1 需要的权重尚不在本机。</translation>
    </message>
    <message>
        <source>The models page says how to get them.</source>
        <translation>模型页面说明如何获取。</translation>
    </message>
    <message>
        <source>The mask is empty: everything in it is protected.</source>
        <translation>蒙版为空：其中的一切都受保护。</translation>
    </message>
    <message>
        <source>Preparing</source>
        <translation>正在准备</translation>
    </message>
    <message>
        <source>The result was dropped: the picture under it changed meanwhile.</source>
        <translation>结果已放弃：其下的图片在此期间发生了变化。</translation>
    </message>
    <message>
        <source>Erase again.</source>
        <translation>请重新擦除。</translation>
    </message>
</context>
<context>
    <name>ErrorBar</name>
    <message>
        <source>Close this message (Esc)</source>
        <translation>关闭此消息 (Esc)</translation>
    </message>
    <message>
        <source>Open models…</source>
        <translation>打开模型…</translation>
    </message>
    <message>
        <source>Show the log…</source>
        <translation>显示日志…</translation>
    </message>
    <message>
        <source>Find the picture…</source>
        <translation>查找图片…</translation>
    </message>
    <message>
        <source>Recover…</source>
        <translation>恢复…</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export picture</source>
        <translation>导出图片</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>%1 – as the original</source>
        <translation>%1 – 与原图相同</translation>
    </message>
    <message>
        <source>untitled</source>
        <translation>未命名</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>measuring…</source>
        <translation>正在测量…</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Depth, colour profile and metadata stay as they are; an embedded thumbnail is left out.</source>
        <translation>位深、颜色配置文件和元数据保持不变；不包含嵌入的缩略图。</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>%1 exists already. Replace it?</source>
        <translation>%1 已存在。要替换吗？</translation>
    </message>
</context>
<context>
    <name>Exporting</name>
    <message>
        <source>Queueing</source>
        <translation>正在加入队列</translation>
    </message>
    <message>
        <source>Exported %1, %2 MB.</source>
        <translation>已导出 %1，%2 MB。</translation>
    </message>
</context>
<context>
    <name>ExportsPanel</name>
    <message>
        <source>Clear finished</source>
        <translation>清除已完成</translation>
    </message>
    <message>
        <source>Exports</source>
        <translation>导出队列</translation>
    </message>
</context>
<context>
    <name>Files</name>
    <message>
        <source>Opening %1</source>
        <translation>正在打开 %1</translation>
    </message>
    <message>
        <source>Recovering</source>
        <translation>正在恢复</translation>
    </message>
    <message>
        <source>Saved %1.</source>
        <translation>已保存 %1。</translation>
    </message>
    <message>
        <source>Saving %1</source>
        <translation>正在保存 %1</translation>
    </message>
    <message>
        <source>Exported %1, %2 MB.</source>
        <translation>已导出 %1，%2 MB。</translation>
    </message>
    <message>
        <source>Exporting %1</source>
        <translation>正在导出 %1</translation>
    </message>
    <message>
        <source>Exported the mask as %1.</source>
        <translation>蒙版已导出为 %1。</translation>
    </message>
    <message>
        <source>Exporting the mask</source>
        <translation>正在导出蒙版</translation>
    </message>
    <message>
        <source>Reading the mask</source>
        <translation>正在读取蒙版</translation>
    </message>
    <message>
        <source>This picture has no transparency.</source>
        <translation>此图片没有透明度。</translation>
    </message>
    <message>
        <source>Autosave</source>
        <translation>自动保存</translation>
    </message>
</context>
<context>
    <name>FilmExportDialog</name>
    <message>
        <source>Export film</source>
        <translation>导出影片</translation>
    </message>
    <message>
        <source>Same as the source, visually lossless</source>
        <translation>与源文件相同，视觉无损</translation>
    </message>
    <message>
        <source>Small: H.265, about a third of the size</source>
        <translation>小文件：H.265，约为三分之一</translation>
    </message>
    <message>
        <source>For editing: ProRes in QuickTime, large</source>
        <translation>用于剪辑：QuickTime ProRes，文件较大</translation>
    </message>
    <message>
        <source>What for</source>
        <translation>用途</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Only from the in to the out point</source>
        <translation>仅入点到出点</translation>
    </message>
    <message>
        <source>The source&apos;s own</source>
        <translation>与源文件相同</translation>
    </message>
    <message>
        <source>Looks like the source</source>
        <translation>观感与源文件一致</translation>
    </message>
    <message>
        <source>Copy parts without an edit as they are</source>
        <translation>未编辑的部分原样复制</translation>
    </message>
    <message>
        <source>Leave out what the file cannot hold</source>
        <translation>略去文件无法容纳的内容</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Container</source>
        <translation>封装格式</translation>
    </message>
    <message>
        <source>Codec</source>
        <translation>编解码器</translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation>编码器</translation>
    </message>
    <message>
        <source>Quality (less is better)</source>
        <translation>质量（越小越好）</translation>
    </message>
    <message>
        <source>Advanced…</source>
        <translation>高级…</translation>
    </message>
    <message>
        <source>Sound, subtitles, chapters and all else are copied as they are; so are times and colours.</source>
        <translation>声音、字幕、章节及其他内容原样复制；时间和颜色也保持不变。</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>In software</source>
        <translation>软件编码</translation>
    </message>
    <message>
        <source>%1 cannot hold %2. Matroska (.mkv) holds more.</source>
        <translation>%1 无法容纳 %2。Matroska (.mkv) 可以容纳更多内容。</translation>
    </message>
    <message>
        <source>Less</source>
        <translation>收起</translation>
    </message>
    <message>
        <source>This is the film itself, which is never overwritten.</source>
        <translation>这是源影片本身，永远不会被覆盖。</translation>
    </message>
    <message>
        <source>%1 exists already. Replace it?</source>
        <translation>%1 已存在。要替换吗？</translation>
    </message>
</context>
<context>
    <name>FilmPanel</name>
    <message>
        <source>What should go</source>
        <translation>要去除的内容</translation>
    </message>
    <message>
        <source>Paint over it on one frame; then track it if it moves.</source>
        <translation>在某一帧上涂抹；如果它会移动，再进行跟踪。</translation>
    </message>
    <message>
        <source>Find the burnt-in text between the in and the out point, to the frame</source>
        <translation>查找入点与出点之间的硬字幕，精确到帧</translation>
    </message>
    <message>
        <source>Find subtitles</source>
        <translation>查找字幕</translation>
    </message>
    <message>
        <source>Track</source>
        <translation>跟踪</translation>
    </message>
    <message>
        <source>Follow what is painted through the film (Ctrl+J)</source>
        <translation>在影片中跟踪涂抹的内容 (Ctrl+J)</translation>
    </message>
    <message>
        <source>Track one way only</source>
        <translation>仅单向跟踪</translation>
    </message>
    <message>
        <source>Whole clip</source>
        <translation>整段影片</translation>
    </message>
    <message>
        <source>A mark that stays: one mask in all frames</source>
        <translation>固定的标记：所有帧使用同一个蒙版</translation>
    </message>
    <message>
        <source>Where subtitles are looked for</source>
        <translation>在哪里查找字幕</translation>
    </message>
    <message>
        <source>at the bottom</source>
        <translation>在画面底部</translation>
    </message>
    <message>
        <source>in the whole picture</source>
        <translation>在整个画面中</translation>
    </message>
    <message>
        <source>in the box painted here</source>
        <translation>在此处涂抹的框内</translation>
    </message>
    <message>
        <source>The box: around what the chosen track covers in this frame</source>
        <translation>框：所选轨道在此帧覆盖区域的外框</translation>
    </message>
    <message>
        <source>Masks from…</source>
        <translation>导入蒙版…</translation>
    </message>
    <message>
        <source>Masks that were made elsewhere: a new track of them</source>
        <translation>在其他程序中制作的蒙版：作为新轨道导入</translation>
    </message>
    <message>
        <source>Cancel (Esc)</source>
        <translation>取消 (Esc)</translation>
    </message>
    <message>
        <source>Track forward only</source>
        <translation>仅向前跟踪</translation>
    </message>
    <message>
        <source>Track backward only</source>
        <translation>仅向后跟踪</translation>
    </message>
    <message>
        <source>A film or a picture…</source>
        <translation>影片或图片…</translation>
    </message>
    <message>
        <source>A folder of pictures…</source>
        <translation>图片文件夹…</translation>
    </message>
    <message>
        <source>Grow</source>
        <translation>扩展</translation>
    </message>
    <message>
        <source>Feather</source>
        <translation>羽化</translation>
    </message>
    <message>
        <source>Steady</source>
        <translation>稳定</translation>
    </message>
    <message>
        <source>Frames on either side that steady the mask</source>
        <translation>用前后各几帧稳定蒙版</translation>
    </message>
    <message>
        <source>Engine of this track</source>
        <translation>此轨道的引擎</translation>
    </message>
    <message>
        <source>Learn the mark and lift it off</source>
        <translation>学习标记并将其去除</translation>
    </message>
    <message>
        <source>For see-through marks that never move: what shines through is kept</source>
        <translation>用于固定的半透明标记：保留透出的画面</translation>
    </message>
    <message>
        <source>Save masks…</source>
        <translation>保存蒙版…</translation>
    </message>
    <message>
        <source>The masks of this track as numbered pictures, for other programs</source>
        <translation>将此轨道的蒙版保存为带编号的图片，供其他程序使用</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Preview frame</source>
        <translation>预览此帧</translation>
    </message>
    <message>
        <source>Erase in this frame only, to see how it will look (Ctrl+Enter)</source>
        <translation>仅擦除这一帧以查看效果 (Ctrl+Enter)</translation>
    </message>
    <message>
        <source>Preview range</source>
        <translation>预览一段</translation>
    </message>
    <message>
        <source>Erase between the in and out points, or in two seconds from here, and play it</source>
        <translation>擦除入点与出点之间（或从此处起两秒）的内容并播放</translation>
    </message>
    <message>
        <source>Back to the masks</source>
        <translation>回到蒙版</translation>
    </message>
    <message>
        <source>Export film…</source>
        <translation>导出影片…</translation>
    </message>
    <message>
        <source>%1 (weights missing)</source>
        <translation>%1（缺少权重）</translation>
    </message>
    <message>
        <source>No track yet</source>
        <translation>还没有轨道</translation>
    </message>
    <message>
        <source>starting the engine process</source>
        <translation>正在启动引擎进程</translation>
    </message>
</context>
<context>
    <name>FilmTracks</name>
    <message>
        <source>Mask</source>
        <translation>蒙版</translation>
    </message>
</context>
<context>
    <name>FinderChoice</name>
    <message>
        <source>Find the rim with</source>
        <translation>用何种方法找边缘</translation>
    </message>
    <message>
        <source>With GrabCut…</source>
        <translation>使用 GrabCut…</translation>
    </message>
    <message>
        <source>GrabCut tells things apart by their colours. %1 knows things; get its weights here.</source>
        <translation>GrabCut 按颜色区分物体；%1 能认出物体，可在此获取其权重。</translation>
    </message>
    <message>
        <source>Looking… Esc cancels</source>
        <translation>正在查看… 按 Esc 取消</translation>
    </message>
</context>
<context>
    <name>Following</name>
    <message>
        <source>Paint over the thing in one frame, then track it.</source>
        <translation>在某一帧上涂抹目标，然后跟踪。</translation>
    </message>
    <message>
        <source>There is no key to track from yet.</source>
        <translation>还没有可供跟踪的关键帧。</translation>
    </message>
    <message>
        <source>Draw a box where the text appears, with the rectangle tool; then find it.</source>
        <translation>请用矩形工具在文字出现的位置画一个框，然后再查找。</translation>
    </message>
    <message>
        <source>Nothing is painted in this frame.</source>
        <translation>此帧中没有涂抹任何内容。</translation>
    </message>
    <message>
        <source>Subtitles</source>
        <translation>字幕</translation>
    </message>
    <message>
        <source>What was tracked was dropped: the keys changed meanwhile.</source>
        <translation>跟踪结果已丢弃：关键帧在此期间发生了变化。</translation>
    </message>
    <message>
        <source>Track again.</source>
        <translation>请重新跟踪。</translation>
    </message>
    <message>
        <source>%1 stops at frame %2.</source>
        <translation>%1 停在第 %2 帧。</translation>
    </message>
    <message>
        <source>The tracker was not sure in %1 frames; they are marked on the track.</source>
        <translation>跟踪在 %1 帧中没有把握；已在轨道上标出。</translation>
    </message>
    <message>
        <source>Tracked %1 through %2 frames.</source>
        <translation>已跟踪 %1，共 %2 帧。</translation>
    </message>
    <message>
        <source>Paint over it by hand; small or faint text may be missed.</source>
        <translation>请手动涂抹；细小或模糊的文字可能会被漏掉。</translation>
    </message>
    <message>
        <source>No text was found.</source>
        <translation>未找到文字。</translation>
    </message>
    <message>
        <source>%1 said where to look; it is hidden now.</source>
        <translation>%1 指明了查找位置；现已隐藏。</translation>
    </message>
    <message>
        <source>Found text in %1 frames.</source>
        <translation>在 %1 帧中找到文字。</translation>
    </message>
    <message>
        <source>Preview it, or take single frames away by painting.</source>
        <translation>可以预览，也可以通过涂抹去掉个别帧。</translation>
    </message>
</context>
<context>
    <name>History</name>
    <message>
        <source>Add shadow</source>
        <translation>添加阴影</translation>
    </message>
    <message>
        <source>Add track</source>
        <translation>添加轨道</translation>
    </message>
    <message>
        <source>Adjust track</source>
        <translation>调整轨道</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>画笔</translation>
    </message>
    <message>
        <source>Choose engine</source>
        <translation>选择引擎</translation>
    </message>
    <message>
        <source>Choose text</source>
        <translation>选择文字</translation>
    </message>
    <message>
        <source>Clear mask</source>
        <translation>清除蒙版</translation>
    </message>
    <message>
        <source>Colour range</source>
        <translation>颜色范围</translation>
    </message>
    <message>
        <source>Delete key</source>
        <translation>删除关键帧</translation>
    </message>
    <message>
        <source>Delete track</source>
        <translation>删除轨道</translation>
    </message>
    <message>
        <source>Ellipse</source>
        <translation>椭圆</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>Erase anew</source>
        <translation>重新擦除</translation>
    </message>
    <message>
        <source>Find subtitles</source>
        <translation>查找字幕</translation>
    </message>
    <message>
        <source>Find text</source>
        <translation>查找文字</translation>
    </message>
    <message>
        <source>Hide track</source>
        <translation>隐藏轨道</translation>
    </message>
    <message>
        <source>Invert mask</source>
        <translation>反转蒙版</translation>
    </message>
    <message>
        <source>Lasso</source>
        <translation>套索</translation>
    </message>
    <message>
        <source>Learn mark</source>
        <translation>学习标记</translation>
    </message>
    <message>
        <source>Magic wand</source>
        <translation>魔棒</translation>
    </message>
    <message>
        <source>Mask eraser</source>
        <translation>蒙版橡皮擦</translation>
    </message>
    <message>
        <source>Mask from file</source>
        <translation>来自文件的蒙版</translation>
    </message>
    <message>
        <source>Mask from transparency</source>
        <translation>来自透明度的蒙版</translation>
    </message>
    <message>
        <source>Masks from file</source>
        <translation>从文件导入蒙版</translation>
    </message>
    <message>
        <source>Move key</source>
        <translation>移动关键帧</translation>
    </message>
    <message>
        <source>Move range</source>
        <translation>移动范围</translation>
    </message>
    <message>
        <source>Polygon</source>
        <translation>多边形</translation>
    </message>
    <message>
        <source>Rectangle</source>
        <translation>矩形</translation>
    </message>
    <message>
        <source>Rename track</source>
        <translation>重命名轨道</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Set range</source>
        <translation>设置范围</translation>
    </message>
    <message>
        <source>Show track</source>
        <translation>显示轨道</translation>
    </message>
    <message>
        <source>Smart select</source>
        <translation>智能选择</translation>
    </message>
    <message>
        <source>Whole clip</source>
        <translation>整段影片</translation>
    </message>
</context>
<context>
    <name>LayersPanel</name>
    <message>
        <source>Clear the mask</source>
        <translation>清除蒙版</translation>
    </message>
    <message>
        <source>Invert the mask</source>
        <translation>反转蒙版</translation>
    </message>
    <message>
        <source>Mask</source>
        <translation>蒙版</translation>
    </message>
    <message>
        <source>Nothing is marked yet. Paint over what should go, or find text.</source>
        <translation>尚未标记任何内容。涂抹要去除的部分，或查找文字。</translation>
    </message>
    <message>
        <source>What this layer does</source>
        <translation>此图层的作用</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>Keep (subtract)</source>
        <translation>保留（减去）</translation>
    </message>
    <message>
        <source>Protect</source>
        <translation>保护</translation>
    </message>
    <message>
        <source>Do not copy from</source>
        <translation>不从此处取样</translation>
    </message>
    <message>
        <source>Hide</source>
        <translation>隐藏</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Hide layer</source>
        <translation>隐藏图层</translation>
    </message>
    <message>
        <source>Delete this layer</source>
        <translation>删除此图层</translation>
    </message>
    <message>
        <source>Delete layer</source>
        <translation>删除图层</translation>
    </message>
    <message>
        <source>Text: %1 of %2 lines</source>
        <translation>文字：%2 行中的 %1 行</translation>
    </message>
    <message>
        <source>Forget the lines that were found</source>
        <translation>忘记已找到的行</translation>
    </message>
    <message>
        <source>Forget text</source>
        <translation>忘记文字</translation>
    </message>
    <message>
        <source>Role of layer</source>
        <translation>图层的作用</translation>
    </message>
</context>
<context>
    <name>LogDialog</name>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Nothing has been logged.</source>
        <translation>没有日志记录。</translation>
    </message>
    <message>
        <source>Copy diagnostics</source>
        <translation>复制诊断信息</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>Loudspeaker</name>
    <message>
        <source>Films play without sound: %1</source>
        <translation>影片将无声播放：%1</translation>
    </message>
</context>
<context>
    <name>MaskExchange</name>
    <message>
        <source>Read masks for %1 frames from %2.</source>
        <translation>已从 %2 读取 %1 帧的蒙版。</translation>
    </message>
    <message>
        <source>Saved %1 masks in %2.</source>
        <translation>已将 %1 个蒙版保存到 %2。</translation>
    </message>
    <message>
        <source>Films and pictures</source>
        <translation>影片和图片</translation>
    </message>
    <message>
        <source>All files</source>
        <translation>所有文件</translation>
    </message>
    <message>
        <source>Masks from a file: white is erased</source>
        <translation>从文件导入蒙版：白色部分会被擦除</translation>
    </message>
    <message>
        <source>Masks from a folder of numbered pictures</source>
        <translation>从带编号图片的文件夹导入蒙版</translation>
    </message>
    <message>
        <source>Save masks: name a new folder</source>
        <translation>保存蒙版：为新文件夹命名</translation>
    </message>
    <message>
        <source>Folder of PNG pictures</source>
        <translation>PNG 图片文件夹</translation>
    </message>
</context>
<context>
    <name>ModelsDialog</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Weights are fetched or taken in only when you ask for it, and checked before they are used.</source>
        <translation>只有在您要求时才会下载或导入权重，并在使用前进行检查。</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Weights missing</source>
        <translation>缺少权重</translation>
    </message>
    <message>
        <source>Needs no weights.</source>
        <translation>不需要权重。</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Import folder…</source>
        <translation>导入文件夹…</translation>
    </message>
    <message>
        <source>Show file</source>
        <translation>显示文件</translation>
    </message>
    <message>
        <source>Import weights</source>
        <translation>导入权重</translation>
    </message>
    <message>
        <source>Delete %1 from this machine?</source>
        <translation>从本机删除 %1 吗？</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>These weights may not be used commercially: %1. Go on?</source>
        <translation>这些权重不得用于商业用途：%1。要继续吗？</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
</context>
<context>
    <name>OptionFields</name>
    <message>
        <source>Hide options</source>
        <translation>隐藏选项</translation>
    </message>
    <message>
        <source>Options</source>
        <translation>选项</translation>
    </message>
    <message>
        <source>%1 changed</source>
        <translation>已更改 %1 项</translation>
    </message>
</context>
<context>
    <name>OptionsBar</name>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Hardness</source>
        <translation>硬度</translation>
    </message>
    <message>
        <source>Smoothing</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>Tolerance</source>
        <translation>容差</translation>
    </message>
    <message>
        <source>Add to the mask (Shift)</source>
        <translation>添加到蒙版 (Shift)</translation>
    </message>
    <message>
        <source>Take from the mask (Alt)</source>
        <translation>从蒙版减去 (Alt)</translation>
    </message>
    <message>
        <source>Keep only what is in both</source>
        <translation>只保留交集</translation>
    </message>
    <message>
        <source>Replace the mask</source>
        <translation>替换蒙版</translation>
    </message>
    <message>
        <source>Mode</source>
        <translation>模式</translation>
    </message>
    <message>
        <source>Pen pressure changes the size</source>
        <translation>笔压改变大小</translation>
    </message>
    <message>
        <source>Fill closed loops</source>
        <translation>填充闭合的圈</translation>
    </message>
    <message>
        <source>Connected only</source>
        <translation>仅限相连区域</translation>
    </message>
    <message>
        <source>Box</source>
        <translation>方框</translation>
    </message>
    <message>
        <source>More about the stroke</source>
        <translation>更多笔触设置</translation>
    </message>
    <message>
        <source>What painting means</source>
        <translation>涂抹的作用</translation>
    </message>
    <message>
        <source>Erase</source>
        <translation>擦除</translation>
    </message>
    <message>
        <source>Protect</source>
        <translation>保护</translation>
    </message>
    <message>
        <source>Do not copy from</source>
        <translation>不从此处取样</translation>
    </message>
    <message>
        <source>Keep (subtract)</source>
        <translation>保留（减去）</translation>
    </message>
    <message>
        <source>Paint</source>
        <translation>涂抹</translation>
    </message>
    <message>
        <source>Find text</source>
        <translation>查找文字</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>%1 of %2 lines chosen</source>
        <translation>已选择 %2 行中的 %1 行</translation>
    </message>
</context>
<context>
    <name>Previewing</name>
    <message>
        <source>Paint over it, or use Find subtitles.</source>
        <translation>请涂抹，或使用“查找字幕”。</translation>
    </message>
    <message>
        <source>Nothing is marked to be erased here yet.</source>
        <translation>这里还没有标记要擦除的内容。</translation>
    </message>
    <message>
        <source>The preview was dropped: the masks changed meanwhile.</source>
        <translation>预览已丢弃：蒙版在此期间发生了变化。</translation>
    </message>
    <message>
        <source>Preview again.</source>
        <translation>请重新预览。</translation>
    </message>
</context>
<context>
    <name>RecoverDialog</name>
    <message>
        <source>Recover</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Cleanplate did not end well the last time. What was open has been kept.</source>
        <translation>Cleanplate 上次未正常结束。当时打开的内容已保留。</translation>
    </message>
    <message>
        <source>Throw away</source>
        <translation>丢弃</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>稍后</translation>
    </message>
</context>
<context>
    <name>Ruler</name>
    <message>
        <source>Ruler</source>
        <translation>标尺</translation>
    </message>
</context>
<context>
    <name>Selecting</name>
    <message>
        <source>Stroke over more of it, draw around it, or use GrabCut.</source>
        <translation>请多涂一些、沿外围画一圈，或改用 GrabCut。</translation>
    </message>
    <message>
        <source>Nothing was recognised there.</source>
        <translation>那里没有识别出物体。</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Apple graphics (Metal)</source>
        <translation>Apple 图形 (Metal)</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Autosave every (seconds)</source>
        <translation>自动保存间隔（秒）</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>Editing</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Engine for objects</source>
        <translation>物体引擎</translation>
    </message>
    <message>
        <source>Engine for text</source>
        <translation>文字引擎</translation>
    </message>
    <message>
        <source>Engines</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>English</source>
        <translation>English</translation>
    </message>
    <message>
        <source>Kept apart from your files, for after a crash.</source>
        <translation>与您的文件分开保存，供崩溃后使用。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Marching ants</source>
        <translation>蚂蚁线</translation>
    </message>
    <message>
        <source>Mask colour</source>
        <translation>蒙版颜色</translation>
    </message>
    <message>
        <source>Mask opacity</source>
        <translation>蒙版不透明度</translation>
    </message>
    <message>
        <source>Memory for history (MB)</source>
        <translation>历史记录内存 (MB)</translation>
    </message>
    <message>
        <source>NVIDIA graphics card (CUDA)</source>
        <translation>NVIDIA 显卡 (CUDA)</translation>
    </message>
    <message>
        <source>Older steps go to disk; none is lost.</source>
        <translation>较早的步骤会存到磁盘；不会丢失。</translation>
    </message>
    <message>
        <source>Processor (CPU)</source>
        <translation>处理器 (CPU)</translation>
    </message>
    <message>
        <source>Show the mask as</source>
        <translation>蒙版显示为</translation>
    </message>
    <message>
        <source>Takes effect at the next start.</source>
        <translation>下次启动时生效。</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Where engines compute. “auto” takes a graphics card if there is one.</source>
        <translation>引擎在哪里计算。“自动”会在有显卡时使用显卡。</translation>
    </message>
    <message>
        <source>“auto” takes the best that is ready on this machine.</source>
        <translation>“自动”使用本机就绪的最佳引擎。</translation>
    </message>
    <message>
        <source>简体中文</source>
        <translation>简体中文</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Preferences</source>
        <translation>首选项</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Defaults</source>
        <translation>默认值</translation>
    </message>
</context>
<context>
    <name>ShadowFinding</name>
    <message>
        <source>Nothing is marked yet.</source>
        <translation>尚未标记任何内容。</translation>
    </message>
    <message>
        <source>Mark a thing first; its shadow is looked for beside it.</source>
        <translation>请先标记一个物体，程序会在它旁边寻找阴影。</translation>
    </message>
    <message>
        <source>The shadow was dropped: the picture changed meanwhile.</source>
        <translation>阴影已放弃：图片在此期间发生了变化。</translation>
    </message>
    <message>
        <source>Try again.</source>
        <translation>请重试。</translation>
    </message>
    <message>
        <source>No shadow was found beside what is marked.</source>
        <translation>在标记内容旁边没有找到阴影。</translation>
    </message>
    <message>
        <source>Paint over it, if there is one.</source>
        <translation>如果确有阴影，请手动涂抹。</translation>
    </message>
    <message>
        <source>Looking for the shadow</source>
        <translation>正在寻找阴影</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Defaults</source>
        <translation>默认值</translation>
    </message>
    <message>
        <source>These keys are used twice: %1</source>
        <translation>这些按键被重复使用：%1</translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message>
        <source>Drop a picture or a film here</source>
        <translation>将图片或影片拖到这里</translation>
    </message>
    <message>
        <source>or paste a picture with Ctrl+V</source>
        <translation>或按 Ctrl+V 粘贴图片</translation>
    </message>
    <message>
        <source>Open…</source>
        <translation>打开…</translation>
    </message>
    <message>
        <source>Sample picture</source>
        <translation>示例图片</translation>
    </message>
    <message>
        <source>Sample film</source>
        <translation>示例影片</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Zoom</source>
        <translation>缩放</translation>
    </message>
    <message>
        <source>Zoom out (Ctrl+-)</source>
        <translation>缩小 (Ctrl+-)</translation>
    </message>
    <message>
        <source>Zoom in (Ctrl++)</source>
        <translation>放大 (Ctrl++)</translation>
    </message>
    <message>
        <source>Fit the window (Ctrl+0)</source>
        <translation>适合窗口 (Ctrl+0)</translation>
    </message>
    <message>
        <source>Fit the window</source>
        <translation>适合窗口</translation>
    </message>
    <message>
        <source>Memory of the editor and its engine process</source>
        <translation>编辑器及其引擎进程占用的内存</translation>
    </message>
    <message>
        <source>Where engines compute</source>
        <translation>引擎在哪里计算</translation>
    </message>
</context>
<context>
    <name>Strip</name>
    <message>
        <source>Pictures of the film</source>
        <translation>影片画面</translation>
    </message>
</context>
<context>
    <name>TextFinding</name>
    <message>
        <source>Outlining text</source>
        <translation>正在勾勒文字</translation>
    </message>
    <message>
        <source>Looking for text</source>
        <translation>正在查找文字</translation>
    </message>
    <message>
        <source>Paint over it by hand; small or faint text may be missed.</source>
        <translation>请手动涂抹；细小或模糊的文字可能会被遗漏。</translation>
    </message>
    <message>
        <source>No text was found.</source>
        <translation>未找到文字。</translation>
    </message>
</context>
<context>
    <name>Timeline</name>
    <message>
        <source>Timeline</source>
        <translation>时间轴</translation>
    </message>
    <message>
        <source>Paint on a frame to begin a mask track, or use Find subtitles.</source>
        <translation>在画面上涂抹即可新建蒙版轨道，也可使用“查找字幕”。</translation>
    </message>
    <message>
        <source>Part of the film</source>
        <translation>影片的一段</translation>
    </message>
    <message>
        <source>Film</source>
        <translation>影片</translation>
    </message>
    <message>
        <source>Add track</source>
        <translation>添加轨道</translation>
    </message>
</context>
<context>
    <name>Toolbox</name>
    <message>
        <source>Tools</source>
        <translation>工具</translation>
    </message>
</context>
<context>
    <name>Tools</name>
    <message>
        <source>Brush</source>
        <translation>画笔</translation>
    </message>
    <message>
        <source>Click corners; double-click closes.</source>
        <translation>点击各角；双击闭合。</translation>
    </message>
    <message>
        <source>Click lines on or off, or stroke over them.</source>
        <translation>点击以选择或取消各行，或在其上涂抹。</translation>
    </message>
    <message>
        <source>Click on a colour to take it everywhere.</source>
        <translation>点击一种颜色以选取所有该颜色。</translation>
    </message>
    <message>
        <source>Click on an area of one colour.</source>
        <translation>点击单一颜色的区域。</translation>
    </message>
    <message>
        <source>Colour range</source>
        <translation>颜色范围</translation>
    </message>
    <message>
        <source>Drag from corner to corner.</source>
        <translation>从一角拖到另一角。</translation>
    </message>
    <message>
        <source>Draw around what should go.</source>
        <translation>圈出要去除的部分。</translation>
    </message>
    <message>
        <source>Ellipse</source>
        <translation>椭圆</translation>
    </message>
    <message>
        <source>Find text</source>
        <translation>查找文字</translation>
    </message>
    <message>
        <source>Hand</source>
        <translation>抓手</translation>
    </message>
    <message>
        <source>Lasso</source>
        <translation>套索</translation>
    </message>
    <message>
        <source>Magic wand</source>
        <translation>魔棒</translation>
    </message>
    <message>
        <source>Mask eraser</source>
        <translation>蒙版橡皮擦</translation>
    </message>
    <message>
        <source>Move the view. Space does it with any tool.</source>
        <translation>移动视图。使用任何工具时按空格键均可。</translation>
    </message>
    <message>
        <source>Paint over what should go. A closed loop is filled.</source>
        <translation>涂抹要去除的部分。闭合的圈会被填充。</translation>
    </message>
    <message>
        <source>Paint the original back through what was erased.</source>
        <translation>在擦除处重新绘出原图。</translation>
    </message>
    <message>
        <source>Polygon</source>
        <translation>多边形</translation>
    </message>
    <message>
        <source>Rectangle</source>
        <translation>矩形</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Smart select</source>
        <translation>智能选择</translation>
    </message>
    <message>
        <source>Stroke roughly over a thing, or draw around it.</source>
        <translation>在物体上粗略涂抹，或沿外围画一圈。</translation>
    </message>
    <message>
        <source>Wipe away what you painted.</source>
        <translation>擦去您涂抹的部分。</translation>
    </message>
</context>
<context>
    <name>TrackHead</name>
    <message>
        <source>Rename this track</source>
        <translation>重命名此轨道</translation>
    </message>
    <message>
        <source>Delete this track</source>
        <translation>删除此轨道</translation>
    </message>
    <message>
        <source>Show and erase this track</source>
        <translation>显示并擦除此轨道</translation>
    </message>
    <message>
        <source>Hide this track: it is not erased</source>
        <translation>隐藏此轨道：不会被擦除</translation>
    </message>
    <message>
        <source>Rename track</source>
        <translation>重命名轨道</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>stays in its place</source>
        <translation>固定不动</translation>
    </message>
    <message>
        <source>tracked</source>
        <translation>跟踪</translation>
    </message>
    <message>
        <source>text</source>
        <translation>文字</translation>
    </message>
    <message>
        <source>hidden</source>
        <translation>已隐藏</translation>
    </message>
    <message>
        <source>stopped at frame %1</source>
        <translation>停在第 %1 帧</translation>
    </message>
</context>
<context>
    <name>TrackLane</name>
    <message>
        <source>Track %1</source>
        <translation>轨道 %1</translation>
    </message>
    <message>
        <source>Frames %1. Keys: %2.</source>
        <translation>帧 %1。关键帧：%2。</translation>
    </message>
    <message>
        <source>Frame %1: %2</source>
        <translation>第 %1 帧：%2</translation>
    </message>
    <message>
        <source>Frame %1: the tracker was %2 sure</source>
        <translation>第 %1 帧：跟踪的把握为 %2</translation>
    </message>
</context>
<context>
    <name>Transport</name>
    <message>
        <source>Play (Space)</source>
        <translation>播放（空格）</translation>
    </message>
    <message>
        <source>To the start (Home)</source>
        <translation>到开头 (Home)</translation>
    </message>
    <message>
        <source>One frame back (,)</source>
        <translation>后退一帧 (,)</translation>
    </message>
    <message>
        <source>One frame on (.)</source>
        <translation>前进一帧 (.)</translation>
    </message>
    <message>
        <source>To the end (End)</source>
        <translation>到结尾 (End)</translation>
    </message>
    <message>
        <source>Loop between the in and the out point (Ctrl+L)</source>
        <translation>在入点与出点之间循环 (Ctrl+L)</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Where you are. Type a time (1:02.5) or a frame (#120) and press Enter.</source>
        <translation>当前位置。输入时间 (1:02.5) 或帧号 (#120) 后按回车。</translation>
    </message>
    <message>
        <source>Set the in point (I)</source>
        <translation>设置入点 (I)</translation>
    </message>
    <message>
        <source>Set the out point (O)</source>
        <translation>设置出点 (O)</translation>
    </message>
    <message>
        <source>Forget in and out points (Shift+X)</source>
        <translation>清除入点和出点 (Shift+X)</translation>
    </message>
    <message>
        <source>Zoom of the timeline</source>
        <translation>时间轴缩放</translation>
    </message>
    <message>
        <source>Show the whole film</source>
        <translation>显示整部影片</translation>
    </message>
    <message>
        <source>Pause (Space)</source>
        <translation>暂停（空格）</translation>
    </message>
    <message>
        <source>%1 frames (%2)</source>
        <translation>%1 帧（%2）</translation>
    </message>
    <message>
        <source>Frame %1 of %2</source>
        <translation>第 %1 帧，共 %2 帧</translation>
    </message>
</context>
<context>
    <name>Trying</name>
    <message>
        <source>There is only one engine to try on this machine.</source>
        <translation>本机只有一个可试用的引擎。</translation>
    </message>
    <message>
        <source>The models page says how to get more.</source>
        <translation>模型页面说明如何获取更多。</translation>
    </message>
    <message>
        <source>Judging</source>
        <translation>正在评判</translation>
    </message>
</context>
<context>
    <name>VolumeControl</name>
    <message>
        <source>Volume</source>
        <translation>音量</translation>
    </message>
    <message>
        <source>Sound on (M)</source>
        <translation>取消静音 (M)</translation>
    </message>
    <message>
        <source>Mute (M)</source>
        <translation>静音 (M)</translation>
    </message>
    <message>
        <source>Volume: %1 %</source>
        <translation>音量：%1 %</translation>
    </message>
</context>
<context>
    <name>_Card</name>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Take from the list</source>
        <translation>从列表移除</translation>
    </message>
    <message>
        <source>Cancel this export</source>
        <translation>取消此导出</translation>
    </message>
    <message>
        <source>starting the engine process</source>
        <translation>正在启动引擎进程</translation>
    </message>
    <message>
        <source>%1 · %2 left</source>
        <translation>%1 · 剩余 %2</translation>
    </message>
    <message>
        <source>Waits for its turn</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Paused; what is encoded is kept</source>
        <translation>已暂停；已编码的部分会保留</translation>
    </message>
</context>
</TS>
