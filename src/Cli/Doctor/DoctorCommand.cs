using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace FastStream.Cli;

/// <summary><c>faststream doctor</c>: checks what matters to a job on this machine, and says what it means.</summary>
internal static class DoctorCommand
{
    public static Command Make(CommandOutput output)
    {
        var directory = new Argument<string>("directory")
            { Description = "Where checkpoints would be; default: this folder.", DefaultValueFactory = _ => ".",
                Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "Print the findings as one JSON document." };
        var command =
            new Command("doctor", "Looks at limits, clock, timer, collector and disk of this machine, and says what each means for a job.")
            { directory, json };
        command.SetAction(parsed =>
        {
            string place = Path.GetFullPath(parsed.GetRequiredValue(directory));
            if (!Directory.Exists(place))
            {
                throw new CommandException(
                    $"{place} is no directory; the one in which checkpoints would be, or the one above it, is expected.");
            }

            Finding[] findings = [.. MachineChecks.All(place)];
            if (parsed.GetValue(json))
            {
                output.Out.WriteLine(JsonSerializer.Serialize(new { machine = MachineFacts.Read(), findings }, JsonText.Document));
            }
            else
            {
                output.Out.WriteLine(MachineFacts.Read().Text());
                Print(findings, output);
            }

            return findings.Any(finding => finding.Health == Health.Bad) ? ExitCode.Unwell : ExitCode.Done;
        });
        return command;
    }

    private static void Print(Finding[] findings, CommandOutput output)
    {
        if (!output.IsTerminal)
        {
            foreach (Finding finding in findings)
            {
                output.Out.WriteLine(
                    $"{finding.Health.ToString().ToLowerInvariant(),-5} {finding.Name}: {finding.Value}. {finding.Meaning}".TrimEnd());
            }

            return;
        }

        Table table = new Table().Border(TableBorder.Rounded).AddColumn("").AddColumn("what").AddColumn("found").AddColumn("what it means");
        foreach (Finding finding in findings)
        {
            table.AddRow(
                finding.Health switch { Health.Well => "[green]✓[/]", Health.Mind => "[yellow]![/]", _ => "[red]✗[/]" },
                Markup.Escape(finding.Name),
                Markup.Escape(finding.Value),
                Markup.Escape(finding.Meaning));
        }

        output.Console.Write(table);
    }
}
