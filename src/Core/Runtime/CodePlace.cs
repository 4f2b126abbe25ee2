using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace FastStream.Runtime;

/// <summary>
/// Finds where in a program a stream or output is described, for errors, which otherwise name it by operator and
/// number.
/// </summary>
/// <remarks>
/// It walks the stack once for each described stream, before the start, and never later. It gives file and line where
/// the assembly's debug information is beside it, else type and method, and nothing where a program is compiled ahead
/// of time without either.
/// </remarks>
internal static class CodePlace
{
    // Assemblies that describe streams on behalf of a caller.
    private static readonly HashSet<string> _own = new(StringComparer.Ordinal)
    {
        "FastStream.Core", "FastStream.Ingest", "FastStream.Kafka", "FastStream.State", "FastStream.Hosting", "FastStream.TestKit",
    };

    /// <summary>The innermost caller outside FastStream and .NET, such as <c>Pipeline.cs:27</c>; null if unknown.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static string? OfCaller()
    {
        var stack = new StackTrace(fNeedFileInfo: false);
        for (int i = 1; i < stack.FrameCount; i++)
        {
            DiagnosticMethodInfo? method = stack.GetFrame(i) is { } frame ? DiagnosticMethodInfo.Create(frame) : null;
            if (method is null)
            {
                return null;
            }

            ReadOnlySpan<char> assembly = method.DeclaringAssemblyName.AsSpan();
            assembly = assembly[..(assembly.IndexOf(',') is var comma and >= 0 ? comma : assembly.Length)];
            if (!assembly.StartsWith("System.", StringComparison.Ordinal)
                && !_own.GetAlternateLookup<ReadOnlySpan<char>>().Contains(assembly))
            {
                return Name(new StackFrame(i, needFileInfo: true), method);
            }
        }

        return null;
    }

    private static string Name(StackFrame frame, DiagnosticMethodInfo method) =>
        frame.GetFileName() is { } file && frame.GetFileLineNumber() is var line and > 0
        ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Path.GetFileName(file)}:{line}")
        : $"{method.DeclaringTypeName}.{method.Name}";
}
